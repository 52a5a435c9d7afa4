// The activity log: folded away, exact, with times.
import { h } from "./dom";
import { locale, shell as words } from "./words";

const mostLines = 500;

export interface ActivityLog {
  element: HTMLElement;
  add(at: number, text: string): void;
  /** Its own words, in the language that is spoken now; the lines stay as they were said. */
  name(): void;
}

export function activityLog(): ActivityLog {
  const lines = h("ol", { tabIndex: 0 });
  const summary = h("summary", {});
  const details = h("details", {}, summary, lines);
  const element = h("div", { class: "activity" }, details);
  let time: Intl.DateTimeFormat;
  const name = (): void => {
    lines.setAttribute("aria-label", words.activity);
    summary.textContent = words.activity;
    time = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hourCycle: "h23" });
  };
  name();
  details.addEventListener("toggle", () => {
    if (details.open) element.scrollIntoView({ block: "nearest" });
    lines.scrollTop = lines.scrollHeight;
  });

  const add = (at: number, text: string): void => {
    // Asked only while it can be seen: to answer, the browser lays out the whole page.
    const atEnd = details.open && lines.scrollTop + lines.clientHeight >= lines.scrollHeight - 4;
    lines.append(h("li", {}, h("time", { dateTime: new Date(at).toISOString() }, time.format(at)), ` ${text}`));
    if (lines.childElementCount > mostLines) lines.firstElementChild?.remove();
    if (atEnd) lines.scrollTop = lines.scrollHeight;
  };
  return { element, add, name };
}
