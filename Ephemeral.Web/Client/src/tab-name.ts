// Where a tab's id and key outlive a reload. The tab's name (window.name) is never written to disk, but it goes along when
// the tab moves on to another site, which may read it. Session storage never leaves this site, but lies on disk. So the
// key is cut in two: what is in the name is worth nothing without what is in the storage, and the other way round.
import { hex } from "./bytes";

const half = "ephemeral.half";
const keyPattern = /^[0-9a-f]{64}$/;
const namePattern = /^(ephemeral\.[0-9a-f]{16}\.)([0-9a-f]{64})$/;

export interface TabSurroundings {
  window: { name: string };
  storage: () => Pick<Storage, "getItem" | "setItem">;
  random: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;
}

/** What was saved before the reload, or an empty text. */
export function loadTabName({ window, storage }: TabSurroundings): string {
  const name = namePattern.exec(window.name);
  try {
    const other = storage().getItem(half);
    return name && other && keyPattern.test(other) ? name[1]! + combine(name[2]!, other) : "";
  } catch {
    return "";
  }
}

/**
 * Keeps it for a reload; without session storage it is not kept. What is kept already is not cut anew: the halves travel
 * to the next document by different ways, and a reload in that moment would find halves that don't belong together.
 */
export function saveTabName(whole: string, tab: TabSurroundings): void {
  const name = namePattern.exec(whole);
  if (!name || loadTabName(tab) === whole) return;
  const { window, storage, random } = tab;
  const other = hex(random(new Uint8Array(32)));
  try {
    storage().setItem(half, other);
    window.name = name[1]! + combine(name[2]!, other);
  } catch {
    window.name = "";
  }
}

function combine(a: string, b: string): string {
  let text = "";
  for (let i = 0; i < a.length; i++) text += (parseInt(a[i]!, 16) ^ parseInt(b[i]!, 16)).toString(16);
  return text;
}
