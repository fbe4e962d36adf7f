// The grants of this server, which it writes into index.html. The page hides every action that the server would refuse.
// @ts-check

/** @typedef {"read" | "write" | "replace" | "delete"} Grant */

const content = document.querySelector("meta[name=sluice-allow]")?.getAttribute("content") ?? "";
const granted = new Set(content.split(","));

/** Whether the server gives all of these grants. @param {...Grant} grants */
export function isGranted(...grants) {
  return grants.every((grant) => granted.has(grant));
}
