// The field for a new password.
// @ts-check
import { textField } from "./text-field.js";

/** @param {string} label */
export function newPasswordField(label) {
  return textField(
    label,
    {
      type: "password",
      name: "new-password",
      autocomplete: "new-password",
      required: "",
      minlength: "8",
      maxlength: "256",
    },
    "At least 8 characters. A few unrelated words are easy to remember and hard to guess.",
  );
}
