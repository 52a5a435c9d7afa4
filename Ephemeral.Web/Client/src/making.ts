// A page of this tab's own is made of what was written and chosen. It has no name before it is whole.
import { Author } from "./author";
import { unbase64url } from "./bytes";
import type { Gathering } from "./gathering";
import { sha256 } from "./hash";
import { CannotMake, makePage } from "./make";
import type { NewPage } from "./messages";
import { secretLength } from "./seal";
import type { Successors } from "./successors";
import { tellEvery, type Tab } from "./tab";
import { log, make as words } from "./words";

export class Making {
  #now: AbortController | undefined;

  constructor(private tab: Tab, private gathering: Gathering, private successors: Successors) {}

  stop(): void {
    this.#now?.abort();
  }

  /** `ready`: what has to be done before, and after a second press of the button is not begun again. */
  async make(draft: NewPage, ready: Promise<void>): Promise<void> {
    if (this.#now) return;
    const making = (this.#now = new AbortController());
    const { env, pages, store } = this.tab;
    await ready;
    const provisional = `${crypto.randomUUID()}${crypto.randomUUID()}`.replaceAll("-", "");
    const blobs = new Map<string, number>();
    let toldAt = -Infinity;
    try {
      const followed = draft.follows === undefined ? undefined : pages.get(draft.follows);
      const author = followed?.author ?? (draft.editable ? await Author.make(env.crypto.subtle) : undefined);
      if (followed && draft.sealed) draft.sealed.passphrase = followed.passphrase;
      const { root, key } = await makePage(draft, {
        crypto: env.crypto,
        author: author?.header,
        secret: followed && unbase64url(followed.key, secretLength),
        maxBlob: this.tab.limits.maxBlob,
        signal: making.signal,
        put: async (name, bytes, source) => {
          await store.put(provisional, name, bytes, source);
          blobs.set(name, bytes.length);
        },
        progress: (done, total) => {
          if (env.now() - toldAt < tellEvery) return;
          toldAt = env.now();
          env.tell({ type: "making", done, total });
        },
      });
      const name = await sha256(root);
      if (!pages.get(name)?.isWhole) {
        this.tab.log(log.created(name, root.length + [...blobs.values()].reduce((sum, size) => sum + size, 0)));
        if (blobs.size > 0) await store.rename(provisional, name);
        const page = this.tab.page(name);
        page.own = true;
        page.key = key;
        page.passphrase = draft.sealed?.passphrase ?? "";
        page.author = author;
        if (followed) [page.version, page.before] = [followed.version + 1, [...followed.before, followed.name]];
        for (const [blob, size] of blobs) page.take(blob, size);
        this.gathering.acceptRoot(page, root);
        await this.successors.keepAuthor(page);
        await this.successors.publish(page);
      } else {
        store.forget(provisional);
      }
      env.tell({ type: "created", page: name, key });
    } catch (error) {
      store.forget(provisional);
      env.tell({ type: "not-made", why: error instanceof CannotMake ? error.message : words.failed });
    } finally {
      this.#now = undefined;
    }
  }
}
