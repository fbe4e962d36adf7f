// Quotes words for a POSIX shell, so that a printed command is safe to run and to look at.

/** Words that every shell takes as they are. */
const PLAIN = /^[\w/.,:+@%-][\w/.,:=+@%-]*$/;
/** Control and invisible characters: a terminal obeys some, and others hide what the command does. */
const UNSAFE = /[\p{C}\p{Zl}\p{Zp}]/u;

/** One word. Its only characters that a terminal obeys are line breaks at its end. */
export function shellWord(text: string): string {
  if (PLAIN.test(text)) return text;
  if (!UNSAFE.test(text)) return `'${text.replaceAll("'", "'\\''")}'`;
  // A substitution removes line breaks at the end of its output.
  const [end = ""] = /\n*$/.exec(text) ?? [];
  const word = `"$(printf ${printfFormat(text.slice(0, text.length - end.length))})"`;
  return end === "" ? word : `${word}'${end}'`;
}

/** A command that writes a text to standard output, without a line break at its end. */
export function printText(text: string): string {
  return UNSAFE.test(text) ? `printf ${printfFormat(text)}` : `printf %s ${shellWord(text)}`;
}

/** A quoted format of printf(1) with octal escapes, the only ones that POSIX has for every byte. */
function printfFormat(text: string): string {
  const escaped = [...text].map((character) => {
    if (/^[\w /.,:=+@]$/.test(character)) return character;
    return [...Buffer.from(character)].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
  });
  return `'${escaped.join("")}'`;
}
