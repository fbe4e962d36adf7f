// What this server grants: index.html says it, written there by the server. The page offers nothing that would be refused.
// @ts-check

/** @typedef {"read" | "write" | "replace" | "delete"} Grant */

const said = document.querySelector("meta[name=sluice-allow]")?.getAttribute("content") ?? "";
const granted = new Set(said.split(","));

/** Are all of these granted? @param {...Grant} grants */
export function may(...grants) {
  return grants.every((grant) => granted.has(grant));
}
