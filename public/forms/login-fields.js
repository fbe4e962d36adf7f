// The fields with which one logs in or proves who one is: a password, a new one, and the code of an authenticator app.
// @ts-check
import { textField } from "./text-field.js";

/** The password that one has. @param {string} label @param {Record<string, string>} [attributes] */
export function passwordField(label, attributes = {}) {
  return textField(label, {
    type: "password",
    autocomplete: "current-password",
    required: "",
    ...attributes,
  });
}

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

/** @param {string} label @param {Record<string, string>} attributes */
export function codeField(label, attributes) {
  const field = textField(label, {
    autocomplete: "one-time-code",
    inputmode: "numeric",
    maxlength: "16",
    placeholder: "123 456",
    ...attributes,
  });
  /** The code without the spaces that apps show in it. */
  const digits = () => field.input.value.replaceAll(/\s/g, "");
  return { ...field, digits };
}
