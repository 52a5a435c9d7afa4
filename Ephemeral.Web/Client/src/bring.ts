// Bringing a page back by its content: the address is the content's hash, so whoever has the content has the page.
import { h, say } from "./dom";
import { bring as words } from "./words";

export interface BringForm {
  element: HTMLElement;
  clear(): void;
  notTheSame(got: string): void;
}

export function bringForm(bring: (variants: Uint8Array<ArrayBuffer>[]) => void): BringForm {
  let pasted = "";
  const area = h("textarea", { id: "bring", rows: 4, autocomplete: "off", "aria-describedby": "bring-said" });
  const said = h("p", { id: "bring-said", class: "trouble", role: "alert", hidden: true });
  const chooser = h("input", { type: "file", class: "unseen", id: "bring-file", "aria-label": words.choose });

  const send = (variants: Uint8Array<ArrayBuffer>[]): void => {
    say(said, "");
    bring(variants);
  };
  const take = async (file: File | undefined): Promise<void> => {
    if (file) send([new Uint8Array(await file.arrayBuffer())]);
    chooser.value = "";
  };

  chooser.addEventListener("change", () => void take(chooser.files?.[0]));
  area.addEventListener("input", () => say(said, ""));
  area.addEventListener("paste", (event) => {
    pasted = event.clipboardData?.getData("text/plain") ?? "";
  });
  const element = h("form", { class: "bring", noValidate: true },
    h("h3", {}, words.heading), h("p", {}, words.text), h("label", { htmlFor: "bring", class: "unseen" }, words.label), area, said,
    h("div", { class: "actions" }, h("button", { class: "primary" }, words.button),
      h("label", { class: "button", htmlFor: "bring-file" }, words.choose), chooser));
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    if (area.value === "") say(said, words.empty);
    else send(variantsOf(area.value, pasted));
  });
  element.addEventListener("dragover", (event) => event.preventDefault());
  element.addEventListener("drop", (event) => {
    const file = event.dataTransfer?.files[0];
    if (!file) return;
    event.preventDefault();
    void take(file);
  });

  return {
    element,
    clear: () => {
      area.value = pasted = "";
      say(said, "");
    },
    notTheSame: (got) => say(said, words.other(got)),
  };
}

/**
 * The text as it stands, and what may have been lost on its way through a text area or an editor: other line ends, a
 * last line end more or less. Trying costs nothing, for only the right one has the right hash.
 */
export function variantsOf(shown: string, pasted: string): Uint8Array<ArrayBuffer>[] {
  const trimmed = shown.replace(/\n$/, "");
  const texts = [shown, pasted, trimmed, `${shown}\n`, ...[shown, trimmed, `${shown}\n`].map((text) => text.replaceAll("\n", "\r\n"))];
  return [...new Set(texts)].map((text) => new TextEncoder().encode(text));
}
