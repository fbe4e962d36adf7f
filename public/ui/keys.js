// Decides whether a key press is a shortcut: which modifiers are held, and whether the focused element takes text.
// @ts-check

/** Nothing but Shift held. @param {KeyboardEvent} event */
export function isBare({ ctrlKey, metaKey, altKey }) {
  return !ctrlKey && !metaKey && !altKey;
}

/** Do keys write text there? @param {HTMLElement} target */
export function isTyping(target) {
  return target.matches("textarea, select, input:not([type=checkbox])") || target.isContentEditable;
}
