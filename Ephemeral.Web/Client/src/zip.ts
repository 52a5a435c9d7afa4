// All files of a page as one zip. They are not made smaller: most are packed already, and the bytes pass through untouched.
import { makeZip } from "client-zip";
import { zippedName } from "./names";

/** Handed over to the browser, which keeps large things on its disk, in pieces of this size. */
const pieceSize = 4 * 1024 * 1024;

export class Gone extends Error {}

/**
 * Never holds more than a piece of it in memory.
 * @throws Gone if a file can't be had, whatever `signal` was aborted with, or whatever reading a file failed with.
 */
export async function zip(names: readonly string[], file: (name: string) => Promise<Blob | undefined>, progress: (bytes: number) => void, signal: AbortSignal): Promise<Blob> {
  const taken = new Set<string>();
  const entries = async function* (): AsyncGenerator<{ name: string; input: Blob; lastModified: Date }> {
    for (const name of names) {
      const input = await file(name);
      if (!input) throw new Gone(name);
      yield { name: free(zippedName(name), taken), input, lastModified };
    }
  };
  const pieces: Blob[] = [];
  let waiting: Uint8Array<ArrayBuffer>[] = [];
  let [size, done] = [0, 0];
  const reader = makeZip(entries(), { buffersAreUTF8: true }).getReader();
  try {
    for (;;) {
      signal.throwIfAborted();
      const { value } = await reader.read();
      if (value) {
        waiting.push(value as Uint8Array<ArrayBuffer>);
        size += value.length;
        progress((done += value.length));
      }
      if (size >= pieceSize || !value) {
        pieces.push(new Blob(waiting));
        [waiting, size] = [[], 0];
      }
      if (!value) return new Blob(pieces, { type: "application/zip" });
    }
  } catch (error) {
    await reader.cancel().catch(() => undefined);
    throw error;
  }
}

// A page doesn't say when its files were made, and the same page makes the same zip. Zips know no time before 1980.
const lastModified = new Date(1980, 0, 1);

/** What Windows and others take for the same name must not be there twice. */
function free(name: string, taken: Set<string>): string {
  let other = name;
  for (let n = 2; taken.has(other.toLowerCase()); n++) other = name.replace(/(\.[^./]*)?$/, (ending) => ` (${n})${ending}`);
  taken.add(other.toLowerCase());
  return other;
}
