// How alive the page is: the lights, the line since the reader came, who came and went, what it means, what was given.
import { h, say, svgElement } from "./dom";
import { hearth } from "./hearth";
import { History, News } from "./history";
import type { PageState } from "./messages";
import { Rate } from "./rate";
import { heldSentence, isHeld, type Scene } from "./scene";
import { page as words } from "./words";

const [width, height] = [160, 28];
const newsStays = 8_000; // ms

export class Vitals {
  readonly element: HTMLElement;
  #hearth = hearth();
  #history = new History();
  #news = new News();
  #sentence = h("p", { class: "sentence" });
  #given = h("p", { class: "given" });
  #said = h("p", { class: "news" });
  #saidAt = -Infinity;
  #area = svgElement("path", { class: "area" });
  #line = svgElement("path", { class: "line" });
  #picture = svgElement("svg", { class: "past", viewBox: `0 -2 ${width} ${height + 4}`, preserveAspectRatio: "none", role: "img" });
  #outgoing = new Rate();

  constructor() {
    this.#picture.append(this.#area, this.#line);
    this.element = h("div", { class: "vitals" },
      h("div", { class: "alive" }, this.#hearth.element, this.#picture, this.#said), this.#sentence, this.#given);
  }

  clear(): void {
    this.#history.clear();
    this.#news.clear();
    this.#outgoing.clear();
    this.#saidAt = -Infinity;
  }

  /** Called for each news of the page, and now and then without, so that the line goes on. `now` in milliseconds. */
  show(scene: Scene, state: PageState | undefined, now: number): void {
    const has = isHeld(scene);
    const settling = scene === "settling" && !state?.holders;
    const holders = settling ? undefined : state?.holders;
    this.#hearth.show(holders, has);
    say(this.#sentence, has ? heldSentence(scene, state?.holders) : "");
    this.#outgoing.add(state?.givenBytes ?? 0, now);
    say(this.#given, state?.givenBytes ? words.given(state.givenBytes, this.#outgoing.perSecond(now)) : "");

    if (holders !== undefined) this.#history.add(holders, now);
    this.#draw(now);
    const change = this.#news.take(has ? holders : undefined, now);
    if (change !== 0) {
      this.#saidAt = now;
      say(this.#said, change > 0 ? words.joined(change) : words.left(-change));
    }
    if (now - this.#saidAt > newsStays) say(this.#said, "");
  }

  #draw(now: number): void {
    const points = this.#history.line(width, height, now);
    // It keeps its place while there is nothing to see yet: what is below must not jump.
    this.#picture.style.visibility = points.length < 4 ? "hidden" : "";
    if (points.length === 0) return;
    const line = `M${points.map((point) => point.join(" ")).join("L")}`;
    this.#line.setAttribute("d", line);
    this.#area.setAttribute("d", `${line}V${height}H0Z`);
    const counts = this.#history.marks.map(({ count }) => count);
    this.#picture.setAttribute("aria-label", words.past(Math.min(...counts), Math.max(...counts)));
  }
}
