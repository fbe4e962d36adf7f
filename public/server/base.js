// The path below which the browser sees the server, which the server writes into each page: "", or a path such as "/sluice".
// @ts-check

const base = document.querySelector("meta[name=sluice-base]")?.getAttribute("content") ?? "";

/** The URL of a path of this server. @param {string} path with a leading slash */
export function serverUrl(path) {
  return base + path;
}

/** The path of a URL of this server, with a leading slash. The page may also be requested without the base path. @param {string} url without its origin */
export function serverPath(url) {
  return url.startsWith(`${base}/`) ? url.slice(base.length) : url;
}
