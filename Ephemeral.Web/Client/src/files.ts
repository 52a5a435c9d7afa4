// The files of a page: as folders, with pictures to look at, and to be saved one by one or all at once.
import { Allowance } from "./allowance";
import { bytesIn, type PageFile } from "./document";
import { h, saveAs, say } from "./dom";
import { foldersOf, visible, type Folder } from "./names";
import { largest, Preview } from "./preview";
import { lookOf, typeOf } from "./types";
import type { Guest } from "./frame";
import type { ShowActions } from "./show";
import { files as fileWords, show as words, size } from "./words";

/** So many rows or pictures are laid out at once. */
const step = 200;
const fewFolders = 12;

export class Files {
  readonly element = h("div", { class: "files" });
  #preview: Preview;
  #urls: string[] = [];
  #watch: IntersectionObserver | undefined;
  #packing: AbortController | undefined;
  #looking: { row: HTMLElement; button: HTMLButtonElement; name: string } | undefined;
  /** What a link has led to. */
  #linked = h("ul", {});
  #large: HTMLElement | undefined;
  #own = false;
  #title = "";

  constructor(private guest: Guest, private actions: ShowActions) {
    this.#preview = new Preview(guest, (name) => actions.file(name));
  }

  /** `title`: what a zip of it is called. `place`: all that the page is, what goes along with its words, or there for whoever asks. */
  show(files: PageFile[], own: boolean, title: string, place: "alone" | "below" | "folded"): void {
    this.clear();
    this.#own = own;
    this.#title = title;
    if (files.length === 0) return this.element.replaceChildren(h("p", { class: "hint" }, words.noFiles));
    const pictures = files.filter((file) => lookOf(file) === "image" && file.size <= largest);
    const heading = h("h2", {}, files.length === 1 ? fileWords.heading(1) : words.files(files.length, bytesIn(files)));
    const parts: Node[] = [h("div", { class: "head" }, heading, ...(files.length > 1 ? [this.#saveAll(files)] : []))];
    if (pictures.length > 1) parts.push(this.#gallery(pictures));
    const whole = foldersOf(files);
    if (files.length === 1) parts.push(h("ul", {}, this.#row(files[0]!, files[0]!.name)));
    else parts.push(this.#list(whole, whole.folders.length <= fewFolders && files.length <= step));
    if (place === "folded") {
      const summary = h("summary", {}, words.files(files.length, bytesIn(files)));
      return this.element.replaceChildren(h("details", { class: "all" }, summary, ...parts));
    }
    this.element.replaceChildren(...parts);
    // Not below words: those may show it already.
    if (files.length === 1 && place === "alone") this.element.querySelector<HTMLButtonElement>("button.look")?.click();
  }

  /** Looks at a file wherever it is in the list. */
  lookAt(file: PageFile): void {
    this.#lookAway();
    this.#linked.replaceChildren(this.#row(file, file.name));
    this.element.prepend(this.#linked);
    const button = this.#linked.querySelector("button")!;
    if (lookOf(file)) button.click();
    button.focus();
  }

  clear(): void {
    this.#packing?.abort();
    this.#watch?.disconnect();
    this.#watch = undefined;
    this.#looking = this.#large = undefined;
    this.#preview.clear();
    for (const url of this.#urls.splice(0)) URL.revokeObjectURL(url);
    this.element.replaceChildren();
  }

  leave(): void {
    this.clear();
    this.guest.leave();
  }

  // ---- folders ------------------------------------------------------------------------------------------------

  #list(folder: Folder, open: boolean): HTMLElement {
    const list = h("ul", {});
    const rows = [...folder.folders.map((inner) => () => this.#folder(inner, open)), ...folder.files.map((file) => () => this.#row(file))];
    this.#some(list, rows, (n) => h("li", { class: "more" }, n));
    return list;
  }

  /** Lays out some, and the others when they are asked for: ten thousand rows at once would freeze the tab. */
  #some(list: HTMLElement, rows: (() => HTMLElement)[], last: (button: HTMLElement) => HTMLElement): void {
    list.append(...rows.slice(0, step).map((row) => row()));
    if (rows.length <= step) return;
    const more = h("button", {
      type: "button", class: "quiet",
      onclick: () => {
        const end = list.lastElementChild!;
        end.remove();
        const before = list.lastElementChild;
        this.#some(list, rows.slice(step), last);
        (before?.nextElementSibling?.querySelector("summary, button") as HTMLElement | null)?.focus();
      },
    }, words.more(Math.min(step, rows.length - step)));
    list.append(last(more));
  }

  #folder(folder: Folder, open: boolean): HTMLElement {
    const details = h("details", {}, h("summary", {}, h("bdi", {}, `${visible(folder.name)}/`), " ", h("small", {}, words.folder(folder.count, folder.bytes))));
    details.ontoggle = () => {
      if (details.open && details.childElementCount === 1) details.append(this.#list(folder, false));
    };
    details.open = open;
    return h("li", { class: "folder" }, details);
  }

  #row(file: PageFile, called = file.name.slice(file.name.lastIndexOf("/") + 1)): HTMLElement {
    const name = visible(file.name);
    const look = lookOf(file);
    const kind = look ? words.types[look] : typeOf(file) || words.unknownType;
    const row = h("li", {}, h("bdi", {}, visible(called)), h("small", {}, `${kind}, ${size(file.size)}`));
    if (look) {
      const button: HTMLButtonElement = h("button", { type: "button", class: "look", "aria-label": words.lookAt(name), onclick: () => this.#look(file, row, button, name) }, words.look);
      row.append(button);
    }
    const save: HTMLButtonElement = h("button", { type: "button", "aria-label": fileWords.saveNamed(name), onclick: () => void this.#save(file, save) }, fileWords.save);
    row.append(save);
    return row;
  }

  async #save(file: PageFile, button: HTMLButtonElement): Promise<void> {
    button.disabled = true;
    button.textContent = words.saving;
    const saved = await this.actions.saveFile(file.name, file.size);
    button.textContent = fileWords.save;
    button.disabled = false;
    if (!saved) button.parentElement?.append(h("p", { class: "trouble", role: "status" }, words.notSaved(visible(file.name))));
  }

  // ---- looking ------------------------------------------------------------------------------------------------

  /** One at a time, below its row. */
  #look(file: PageFile, row: HTMLElement, button: HTMLButtonElement, name: string): void {
    const again = this.#looking?.row === row;
    const linked = row.parentElement === this.#linked;
    this.#lookAway();
    if (again) return;
    if (linked) this.element.prepend(this.#linked);
    this.#looking = { row, button, name };
    button.textContent = words.close;
    button.setAttribute("aria-label", words.closeNamed(name));
    row.append(this.#preview.element);
    void this.#preview.show(file, this.#own);
  }

  #lookAway(): void {
    this.#preview.clear();
    this.#preview.element.remove();
    this.#linked.remove();
    if (this.#large) this.#large.hidden = true;
    if (!this.#looking) return;
    const { button, name } = this.#looking;
    button.textContent = words.look;
    button.setAttribute("aria-label", words.lookAt(name));
    this.#looking = undefined;
  }

  #gallery(pictures: PageFile[]): HTMLElement {
    const large = (this.#large = h("div", { class: "large", hidden: true }));
    const preview = this.#preview;
    let looking = -1;
    const caption = h("figcaption", {});
    const figure = h("figure", {}, caption);
    const look = (index: number): void => {
      looking = (index + pictures.length) % pictures.length;
      const file = pictures[looking]!;
      this.#lookAway();
      caption.replaceChildren(h("bdi", {}, visible(file.name)), h("small", {}, words.pictureOf(looking + 1, pictures.length)));
      figure.prepend(preview.element);
      large.hidden = false;
      large.scrollIntoView({ block: "nearest" });
      void preview.show(file, this.#own);
    };
    const step = (by: number, sign: string, label: string): HTMLElement => h("button", { type: "button", "aria-label": label, onclick: () => look(looking + by) }, sign);
    const close = h("button", { type: "button", onclick: () => { this.#lookAway(); thumbs[looking]?.focus(); } }, words.close);
    large.append(figure, h("div", { class: "actions" }, step(-1, "←", words.previous), step(1, "→", words.next), close));
    large.onkeydown = (event) => {
      if (event.key === "ArrowLeft") look(looking - 1);
      else if (event.key === "ArrowRight") look(looking + 1);
    };
    const allowance = new Allowance(pictures);
    const thumbs: HTMLElement[] = [];
    const loading = new Map<Element, () => Promise<void>>();
    this.#watch = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        const load = isIntersecting && loading.get(target);
        if (!load) continue;
        loading.delete(target);
        this.#watch?.unobserve(target);
        void load();
      }
    }, { rootMargin: "300px" });
    const thumb = (file: PageFile, index: number): HTMLElement => {
      const watch = this.#watch;
      const button = h("button", { type: "button", "aria-label": words.picture(index + 1, pictures.length, visible(file.name)), onclick: () => look(index) });
      loading.set(button, async () => {
        const blob = allowance.take(file) ? await this.actions.file(file.name) : undefined;
        if (watch !== this.#watch) return;
        const failed = (): void => button.replaceChildren(h("small", {}, visible(file.name)));
        if (!blob) return failed();
        const url = URL.createObjectURL(blob.slice(0, blob.size, typeOf(file)));
        this.#urls.push(url);
        button.replaceChildren(h("img", { src: url, alt: "", decoding: "async", onerror: failed }));
      });
      this.#watch!.observe(button);
      thumbs[index] = button;
      return button;
    };
    const grid = h("div", { class: "gallery", role: "group", "aria-label": words.pictures });
    this.#some(grid, pictures.map((file, index) => () => thumb(file, index)), (button) => button);
    return h("div", {}, grid, large);
  }

  // ---- saving all ---------------------------------------------------------------------------------------------

  #saveAll(files: PageFile[]): HTMLElement {
    const said = h("small", { role: "status" });
    const button: HTMLButtonElement = h("button", { type: "button", onclick: () => void go() }, words.saveAll);
    const all = bytesIn(files);
    const go = async (): Promise<void> => {
      if (this.#packing) return this.#packing.abort();
      const packing = (this.#packing = new AbortController());
      button.textContent = words.stopPacking;
      let saidAt = 0;
      const progress = (bytes: number): void => {
        if (Date.now() - saidAt < 250) return;
        saidAt = Date.now();
        say(said, words.packing(Math.min(bytes, all), all));
      };
      try {
        const { zip } = await import("./zip");
        saveAs(await zip(files.map((file) => file.name), (name) => this.actions.file(name), progress, packing.signal), `${this.#title || "page"}.zip`);
        say(said, words.packed);
      } catch {
        say(said, packing.signal.aborted ? "" : words.notPacked);
      }
      button.textContent = words.saveAll;
      this.#packing = undefined;
    };
    return h("div", { class: "actions" }, said, button);
  }
}
