// The panel about one's own account: passkeys, second factor, password, sessions.
// @ts-check
import { loaded } from "../forms/loaded.js";
import { openPanel } from "../forms/panel.js";
import { make } from "../ui/dom.js";
import { passkeysSection } from "./passkeys-section.js";
import { passwordSection } from "./password-section.js";
import { secondFactorSection } from "./second-factor-section.js";
import { sessionsSection } from "./sessions-section.js";

export function openAccountPanel() {
  const ways = loaded("/api/account", ({ name, password, totp, passkeys }, reload) => [
    passkeysSection(passkeys, password, reload),
    ...(password
      ? [secondFactorSection(totp, reload), passwordSection(name)]
      : [make("p", { class: "panel-note" }, "You log in without a password here.")]),
  ]);
  openPanel({ title: "Your account", content: [ways.element, sessionsSection()] });
}
