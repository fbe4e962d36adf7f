// Chooses an icon by file name. The icon is only a visual hint: the extension may not match the content.
// @ts-check

/** @type {[string, RegExp][]} */
const EXTENSIONS = [
  ["image", /\.(jpe?g|png|gif|webp|avif|heic|svg|tiff?|bmp|raw|dng|cr2|nef|psd)$/i],
  ["film", /\.(mp4|mkv|mov|webm|avi|m4v|mpe?g|wmv|ts)$/i],
  ["sound", /\.(mp3|flac|wav|ogg|opus|m4a|aac|aiff?)$/i],
  ["archive", /\.(zip|tar|gz|tgz|bz2|xz|zst|7z|rar|iso|img|dmg|qcow2|vmdk|deb|rpm)$/i],
  ["text", /\.(txt|md|pdf|docx?|odt|rtf|csv|xlsx?|ods|pptx?|json|xml|html?|log|ya?ml|toml)$/i],
];

/** The name of an icon, that of its symbol in the page without the prefix `icon-`. @param {string} name @param {"file" | "folder"} kind */
export function iconFor(name, kind) {
  if (kind === "folder") return "folder";
  return EXTENSIONS.find(([, extension]) => extension.test(name))?.[0] ?? "file";
}
