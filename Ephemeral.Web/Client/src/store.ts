// Where a page's bytes lie: on the shelf, and beside it what the shelf has no room for.
import type { Bytes } from "./bytes";
import type { Page } from "./kept-page";

/** Where bytes lie outside the script's heap and outlive a reload of the tab, if the browser has such a place. */
export interface Shelf {
  save(page: string, blob: string, bytes: Bytes): Promise<void>;
  load(page: string, blob: string): Promise<Bytes | undefined>;
  rename(page: string, to: string): Promise<void>;
  remove(page: string): Promise<void>;
}

export class Store {
  shelf: Shelf | undefined;
  /** Of each page the blobs that the shelf had no room for. A Blob's bytes are the browser's to keep, not the script's. */
  #spare = new Map<string, Map<string, Blob>>();

  /** `notKept` is called when something will not outlive a reload. */
  constructor(private notKept: () => void) {}

  async put(page: string, blob: string, bytes: Bytes, source?: Blob): Promise<void> {
    try {
      if (!this.shelf) throw new Error("There is no shelf.");
      await this.shelf.save(page, blob, bytes);
    } catch {
      const spare = this.#spare.get(page) ?? new Map<string, Blob>();
      this.#spare.set(page, spare.set(blob, source ?? new Blob([bytes])));
    }
  }

  /** A root is with its page; it goes on the shelf for the next life of this tab alone. */
  putRoot(page: string, bytes: Bytes): void {
    this.shelf?.save(page, page, bytes).catch(this.notKept);
  }

  async read(page: Page, blob: string): Promise<Bytes | undefined> {
    if (blob === page.name) return page.root;
    const spare = this.#spare.get(page.name)?.get(blob);
    const bytes = spare
      ? await spare.arrayBuffer().then((buffer) => new Uint8Array(buffer), () => undefined)
      : await this.shelf?.load(page.name, blob);
    // A file that was changed since it was chosen, or a disk that has lost it: nobody is given anything wrong.
    if (!bytes || !page.fits(blob, bytes.length)) return undefined;
    return bytes;
  }

  async rename(page: string, to: string): Promise<void> {
    const spare = this.#spare.get(page);
    if (spare) this.#spare.set(to, spare);
    this.#spare.delete(page);
    await this.shelf?.rename(page, to).catch(this.notKept);
  }

  forget(page: string): void {
    this.#spare.delete(page);
    this.shelf?.remove(page).catch(this.notKept);
  }
}
