// What a reader of a private page is told and asked when the page can't be opened with what they have.
import { unbase64url } from "./bytes";
import { h, say } from "./dom";
import type { Lock } from "./messages";
import { secretLength } from "./seal";
import { lock as words, type Telling } from "./words";

export interface LockForm {
  element: HTMLElement;
  show(lock: Lock | undefined): void;
  clear(): void;
}

/** `unlock` is given a key, empty for the one that the link has, and a passphrase, which may be empty as well. */
export function lockForm(unlock: (key: string, passphrase: string) => void): LockForm {
  let now: Lock | undefined;
  const heading = h("h2", {});
  const text = h("p", { role: "status" });
  const label = h("label", { htmlFor: "unlock" });
  const input = h("input", { id: "unlock", autocomplete: "off", spellcheck: false, "aria-describedby": "unlock-said" });
  const said = h("p", { id: "unlock-said", class: "trouble", role: "alert", hidden: true });
  const button = h("button", { class: "primary" }, words.open);
  const asked = h("div", { class: "actions" }, input, button);
  const element = h("form", { class: "lock", noValidate: true, hidden: true }, heading, text, label, asked, said);
  const asksPassphrase = (): boolean => now === "passphrase" || now === "wrong-passphrase";

  input.addEventListener("input", () => say(said, ""));
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    if (asksPassphrase()) return input.value === "" ? input.focus() : unlock("", input.value);
    // Somebody may well put in the whole link.
    const key = input.value.trim().replace(/^.*#/, "");
    if (!unbase64url(key, secretLength)) return say(said, words.keyNeeded);
    unlock(key, "");
  });

  return {
    element,
    show: (lock) => {
      element.hidden = lock === undefined;
      if (lock === now || lock === undefined) return void (now = lock);
      now = lock;
      const { heading: title, text: sentence } = telling()[lock];
      say(heading, title);
      say(text, sentence);
      label.hidden = asked.hidden = lock === "opening" || lock === "no-crypto";
      say(label, asksPassphrase() ? words.passphraseLabel : words.key);
      input.type = asksPassphrase() ? "password" : "text";
      if (lock !== "opening") input.value = "";
      say(said, "");
      if (lock === "wrong-passphrase") input.focus();
    },
    clear: () => {
      now = undefined;
      input.value = "";
      element.hidden = true;
    },
  };
}

const telling = (): Record<Lock, Telling> => ({
  "no-key": words.noKey,
  "wrong-key": words.wrongKey,
  passphrase: words.passphrase,
  "wrong-passphrase": words.wrongPassphrase,
  opening: words.opening,
  "no-crypto": words.noCrypto,
});
