// The activity log: folded away, exact, with times.
import { h } from "./dom";
import { page as words } from "./words";

const mostLines = 500;

export function activityLog(): { element: HTMLElement; add(at: number, text: string): void } {
  const lines = h("ol", { tabIndex: 0, "aria-label": words.activity });
  const details = h("details", {}, h("summary", {}, words.activity), lines);
  const element = h("footer", { class: "activity" }, details);
  details.addEventListener("toggle", () => {
    if (details.open) element.scrollIntoView({ block: "nearest" });
    lines.scrollTop = lines.scrollHeight;
  });
  const time = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 });

  const add = (at: number, text: string): void => {
    // Asked only while it can be seen: to answer, the browser lays out the whole page.
    const atEnd = details.open && lines.scrollTop + lines.clientHeight >= lines.scrollHeight - 4;
    lines.append(h("li", {}, h("time", { dateTime: new Date(at).toISOString() }, time.format(at)), ` ${text}`));
    if (lines.childElementCount > mostLines) lines.firstElementChild?.remove();
    if (atEnd) lines.scrollTop = lines.scrollHeight;
  };
  return { element, add };
}
