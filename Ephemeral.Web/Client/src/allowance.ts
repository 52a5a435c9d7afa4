// A page can name one blob ten thousand times. It is small to fetch then, and put together more than a disk holds: a bomb of a zip, without the zip.
import { bytesIn, type PageFile } from "./document";

const always = 64 * 1024 * 1024; // bytes

/** What a page may have put together by itself, as a site does with its pictures. What the reader asks for is not counted. */
export class Allowance {
  #left: number;
  #taken = new Set<string>();

  /** Twice what the page truly is: who names a blob a few times for good reason never comes to the end of it. */
  constructor(files: readonly PageFile[]) {
    const named = files.flatMap((file) => file.blobs);
    const share = named.length === 0 ? 1 : new Set(named).size / named.length;
    this.#left = always + 2 * share * bytesIn(files);
  }

  /** Whether there is room for this file, too. A file is counted once. */
  take({ name, size }: PageFile): boolean {
    if (this.#taken.has(name)) return true;
    if (size > this.#left) return false;
    this.#left -= size;
    this.#taken.add(name);
    return true;
  }
}
