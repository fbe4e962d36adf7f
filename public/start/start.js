// Sets the password of the first owner or of an invited account, by the token after the # of the link, and logs in with it.
// @ts-check

import { actionForm } from "../forms/action-form.js";
import { newPasswordField } from "../forms/login-fields.js";
import { textField } from "../forms/text-field.js";
import { callApi } from "../server/api.js";
import { serverPath, serverUrl } from "../server/base.js";
import { byId, make, setText } from "../ui/dom.js";

const isSetup = serverPath(location.pathname).startsWith("/setup");
const token = location.hash.slice(1);
const title = byId("title", HTMLElement);
const note = byId("note", HTMLElement);
const place = byId("form", HTMLElement);

const name = textField("Your name", {
  name: "username",
  autocomplete: "username",
  autocapitalize: "none",
  required: "",
  maxlength: "64",
});
const password = newPasswordField("Password");
const form = actionForm({
  fields: isSetup ? [name.element, password.element] : [password.element],
  label: isSetup ? "Become the owner" : "Set password",
  async send() {
    const json = { token, password: password.input.value, ...(isSetup && { name: name.input.value.trim() }) };
    const answer = await callApi(isSetup ? "/api/setup" : "/api/invite", { method: "POST", json });
    if (answer.problem?.code !== "setup_gone") return answer;
    showGone();
    return undefined;
  },
  onDone: ({ name: account }) => void logIn(account),
});

/** @param {string} account */
async function logIn(account) {
  const json = { name: account, password: password.input.value };
  // An account with a second factor still needs its code: the page of the files asks for it.
  await callApi("/api/session", { method: "POST", json });
  location.replace(serverUrl("/"));
}

function showGone() {
  setText(title, "This link is no longer valid");
  setText(
    note,
    isSetup
      ? "It was used, or its 15 minutes are over. Start the server with --setup again to get another one."
      : "It was used, it has expired, or a part of it is missing. Ask the person who sent it for another one.",
  );
  place.replaceChildren(make("a", { class: "button", href: serverUrl("/") }, "Go to the files"));
}

if (token === "") showGone();
else {
  setText(
    note,
    isSetup
      ? "Choose the name and the password of the first owner. An owner may do everything, and invites the others."
      : "Choose the password for your account.",
  );
  place.replaceChildren(form);
  form.querySelector("input")?.focus();
}
// The token must not stay in the address bar and the history.
history.replaceState(null, "", location.pathname);
