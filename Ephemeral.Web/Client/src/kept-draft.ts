// What is being written on the home page outlives a reload of the tab, and nothing else.
import type { DraftState } from "./messages";
import type { Tab } from "./tab";

/** Under this name the shelf has what is being written. No page is called so. */
export const draftPage = "d".repeat(64);

export class KeptDraft {
  /** Until all of what was said to be kept is. */
  kept: Promise<void> = Promise.resolve();

  constructor(private tab: Tab) {}

  /** One after the other: the newest is what stays. */
  keep(draft: DraftState): Promise<void> {
    const { store } = this.tab;
    const save = async (): Promise<void> => {
      await store.shelf?.remove(draftPage);
      if (draft.text !== "") await store.shelf?.save(draftPage, draftPage, new TextEncoder().encode(JSON.stringify(draft)));
    };
    // Where there is no room for it, it is in the tab alone.
    return (this.kept = this.kept.then(save).catch(() => {}));
  }

  async restore(): Promise<void> {
    const kept = await this.tab.store.shelf?.load(draftPage, draftPage);
    if (kept) this.tab.env.tell({ type: "draft", draft: JSON.parse(new TextDecoder().decode(kept)) as DraftState });
  }
}
