// The home page: the text area is the page.
import { h, say } from "./dom";
import { Draft } from "./draft";
import { lights } from "./hearth";
import { home as words, short } from "./words";

export interface HomeActions {
  create(bytes: Uint8Array<ArrayBuffer>): void;
  go(page: string): void;
  release(page: string): void;
}

export interface HomeScreen {
  element: HTMLElement;
  limit(maxBlob: number): void;
  pulse(pages: number, holders: number): void;
  holding(pages: readonly string[]): void;
  clear(): void;
  focus(): void;
}

export function homeScreen(actions: HomeActions): HomeScreen {
  let maxBlob = 1_048_576;
  const draft = new Draft();
  // Without "off" browsers write what is typed to the disk, to fill it in again when a session is restored.
  const area = h("textarea", { id: "content", placeholder: words.placeholder, autocomplete: "off", rows: 12, "aria-describedby": "trouble hint" });
  const trouble = h("p", { id: "trouble", class: "trouble", role: "alert", hidden: true });
  const hint = h("p", { id: "hint", class: "hint", hidden: true });
  const pages = lights();
  const pulse = h("p", { class: "pulse" });
  const site = h("div", { class: "site", hidden: true }, pages.element, pulse);
  const still = h("section", { class: "still", hidden: true });

  const create = (): void => {
    const bytes = new TextEncoder().encode(draft.exact(area.value));
    if (bytes.length === 0) return refuse(words.empty);
    if (bytes.length > maxBlob) return refuse(words.tooLarge(bytes.length, maxBlob));
    say(trouble, "");
    actions.create(bytes);
  };
  const refuse = (why: string): void => {
    say(trouble, why);
    area.focus();
  };
  const changed = (): void => {
    say(trouble, "");
    say(hint, draft.keepsLineEnds(area.value) ? words.lineEnds : "");
  };
  const insert = (text: string): void => {
    const end = area.selectionEnd;
    const after = area.value.length - end;
    area.value = draft.insert(area.value, area.selectionStart, end, text);
    area.selectionStart = area.selectionEnd = area.value.length - after;
    changed();
  };
  const take = async (file: File): Promise<void> => {
    if (file.size > maxBlob) return refuse(words.tooLarge(file.size, maxBlob));
    try {
      area.value = draft.replace(await textOf(file));
      changed();
    } catch {
      refuse(words.notText(file.name));
    }
  };

  area.addEventListener("input", changed);
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) create();
  });
  area.addEventListener("paste", (event) => {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    // Only what a text area would change is put in by hand: everything else keeps the browser's own undo.
    if (!text.includes("\r")) return;
    event.preventDefault();
    insert(text);
  });
  area.addEventListener("dragover", (event) => {
    if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
  });
  area.addEventListener("drop", (event) => {
    const files = event.dataTransfer?.files;
    const text = event.dataTransfer?.getData("text/plain") ?? "";
    if (files && files.length > 0) {
      event.preventDefault();
      if (files.length > 1) refuse(words.oneFile);
      else void take(files[0]!);
    } else if (text.includes("\r")) {
      event.preventDefault();
      insert(text);
    }
  });

  const button = h("button", { type: "button", class: "primary big", onclick: create }, words.create);
  const element = h("section", { class: "home" },
    h("div", { class: "lead" }, h("h1", {}, words.heading), h("p", {}, words.lead), site, still),
    h("div", { class: "desk" }, h("label", { htmlFor: "content", class: "unseen" }, words.label), area, trouble,
      h("div", { class: "row" }, button, hint)));

  return {
    element,
    limit: (bytes) => void (maxBlob = bytes),
    pulse: (alive, holders) => {
      site.hidden = false;
      pages.show(alive, false);
      say(pulse, words.pulse(alive, holders));
    },
    holding: (pages) => {
      still.hidden = pages.length === 0;
      const row = (page: string): HTMLElement => h("li", {},
        h("a", { href: `/${page}`, "aria-label": words.goTo(page), onclick: (event) => { event.preventDefault(); actions.go(page); } }, short(page)),
        h("button", { type: "button", class: "quiet", onclick: () => actions.release(page) }, words.letGo));
      still.replaceChildren(h("p", {}, words.stillHolding(pages.length)), h("ul", {}, ...pages.map(row)));
    },
    clear: () => {
      area.value = draft.replace("");
      changed();
    },
    focus: () => area.focus(),
  };
}

/** The file's text, and only if the text gives back exactly the file's bytes. */
async function textOf(file: File): Promise<string> {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await file.arrayBuffer());
}
