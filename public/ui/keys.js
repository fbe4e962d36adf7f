// Decides whether a key press is a shortcut: by the modifier keys, and by whether the focused element accepts text.
// @ts-check

/** Whether no modifier other than Shift is pressed. @param {KeyboardEvent} event */
export function isUnmodified({ ctrlKey, metaKey, altKey }) {
  return !ctrlKey && !metaKey && !altKey;
}

/** Whether key presses on this element enter text. @param {HTMLElement} target */
export function isTextInput(target) {
  return target.matches("textarea, select, input:not([type=checkbox])") || target.isContentEditable;
}
