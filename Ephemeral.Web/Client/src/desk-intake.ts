// What is pasted into the desk and dropped anywhere in the window: text as exactly the text that it was, and files.
import { filesOf } from "./chosen";
import type { NewFile } from "./messages";

export interface Intake {
  /** The text area, and what is around it. */
  area: HTMLTextAreaElement;
  element: HTMLElement;
  /** Puts text where the cursor is, with its line ends as they are. */
  insert(text: string): void;
  pasted(files: NewFile[]): void;
  dropped(files: NewFile[]): void;
  cannot(error: unknown): void;
  /** Until then. */
  signal: AbortSignal;
}

export function takeIn({ area, element, insert, pasted, dropped, cannot, signal }: Intake): void {
  area.addEventListener("paste", (event) => {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    const files = event.clipboardData?.files.length ?? 0;
    // What comes with text is text: word processors put a picture of it beside it.
    if (files > 0 && text === "") {
      event.preventDefault();
      filesOf(event.clipboardData!).then(pasted).catch(cannot);
    } else if (text.includes("\r")) {
      // Only what a text area would change is put in by hand: everything else keeps the browser's own undo.
      event.preventDefault();
      insert(text);
    }
  });
  area.addEventListener("drop", (event) => {
    const text = event.dataTransfer?.getData("text/plain") ?? "";
    if (event.dataTransfer?.files.length || !text.includes("\r")) return;
    event.preventDefault();
    insert(text);
  });
  // Anywhere in the window: a file that misses the desk by an inch would otherwise take the tab away.
  for (const type of ["dragover", "dragleave", "drop"] as const)
    window.addEventListener(type, (event) => {
      if (element.closest("[hidden]") || !event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      element.classList.toggle("dropping", type === "dragover");
      if (type === "drop") filesOf(event.dataTransfer).then(dropped).catch(cannot);
    }, { signal });
}
