// Names of files as their author wrote them: shown so that they can't pretend, saved so that they can't lead astray, and laid out as folders.
import type { PageFile } from "./document";

// What turns the direction of writing, can't be seen, or ends a line: with it "exe.png" is made to look like an image.
const hidden = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

/** As text to be read, with what would be hidden in it written out. */
export function visible(name: string): string {
  return name.replace(hidden, (character) => `\\u${character.codePointAt(0)!.toString(16).padStart(4, "0")}`);
}

/** The last part, as a name on any disk. */
export const savedName = (name: string): string => safeParts(name).at(-1)!;

/** A relative path in a zip, which leads nowhere but below the place where it is unpacked, on Windows too. */
export const zippedName = (name: string): string => safeParts(name).join("/");

function safeParts(name: string): string[] {
  return name.split("/").map((part) => {
    const safe = part.replace(hidden, "_").replace(/[\\:*?"<>|]/g, "_").replace(/[. ]+$/, "_");
    // Not files but devices there, whatever their ending.
    return /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(safe) ? `_${safe}` : safe || "_";
  });
}

export interface Folder {
  /** Of the folders above it that hold nothing else, too: "a/b". Empty for the whole. */
  name: string;
  folders: Folder[];
  files: PageFile[];
  /** Of all files in it, however deep. */
  count: number;
  bytes: number;
}

/** The files as folders, each in the order in which the author has them. */
export function foldersOf(files: readonly PageFile[]): Folder {
  interface Building extends Folder { byName: Map<string, Building> }
  const begin = (name: string): Building => ({ name, folders: [], files: [], count: 0, bytes: 0, byName: new Map() });
  const whole = begin("");
  for (const file of files) {
    let folder = whole;
    const add = (): void => {
      folder.count++;
      folder.bytes += file.size;
    };
    add();
    for (const part of file.name.split("/").slice(0, -1)) {
      let next = folder.byName.get(part);
      if (!next) {
        folder.byName.set(part, (next = begin(part)));
        folder.folders.push(next);
      }
      folder = next;
      add();
    }
    folder.files.push(file);
  }
  const finish = ({ name, folders, files, count, bytes }: Folder): Folder => {
    if (name !== "" && files.length === 0 && folders.length === 1) {
      const only = finish(folders[0]!);
      return { ...only, name: `${name}/${only.name}` };
    }
    return { name, folders: folders.map(finish), files, count, bytes };
  };
  return finish(whole);
}
