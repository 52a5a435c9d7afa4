// The connection to a web node: opens it, opens it again, and moves to another node when this one says goodbye.
// Hidden tabs hold pages too, so nothing here waits for the tab to be seen.
import { type FromNode, type Limits, type ToNode, readBlob, readText, writeBlob } from "./wire";

/** "impossible": no connection has ever come about, however often it was tried. */
export type LinkState = "connecting" | "open" | "lost" | "refused" | "impossible";

export interface Line {
  send(message: ToNode): void;
  sendBlob(name: string, bytes: Uint8Array): void;
}

/** Who uses the connection. */
export interface Visitor {
  /** A node said welcome: say everything there. The answer: pages whose status has to come before an older line is closed. */
  introduce(line: Line, limits: Limits): Iterable<string>;
  /** From now on this is the line to use. */
  settled(line: Line): void;
  heard(line: Line, message: FromNode): void;
  received(line: Line, name: string, bytes: Uint8Array<ArrayBuffer>): void;
  linkChanged(state: LinkState, retryInMs: number): void;
}

export interface Surroundings {
  WebSocket: new (url: string, protocol: string) => WebSocket;
  setTimeout(run: () => void, ms: number): number;
  clearTimeout(timer: number | undefined): void;
  now(): number;
  random(): number;
}

/** How the line before this one ended decides how soon the next is tried. */
type Pace = "soon" | "busy" | "refused";

const paces: Record<Pace, { first: number; most: number; least: number }> = {
  soon: { first: 250, most: 10_000, least: 0 },
  busy: { first: 5_000, most: 60_000, least: 2_500 },
  // The node closed because of something said here; saying it again at once would only be closed again.
  refused: { first: 30_000, most: 120_000, least: 15_000 },
};
const paceOf = (code: number): Pace =>
  code === 1013 ? "busy" : code === 1008 || code === 1009 || code === 4001 ? "refused" : "soon";

const patience = 10_000; // for a welcome, and for the last status before an old line is closed
const steadyAfter = 10_000; // a line that lasted this long was a good one
const pulseEvery = 10_000;
const asleepAfter = 40_000; // a timer this late: the machine slept, and the line may be dead without knowing
const hopelessAfter = 4;

class OpenLine implements Line {
  introduced = false;
  awaited = new Set<string>();
  welcomedAt = 0;
  timer: number | undefined;

  constructor(readonly socket: WebSocket) {}

  send(message: ToNode): void {
    if (this.socket.readyState === 1) this.socket.send(JSON.stringify(message));
  }

  sendBlob(name: string, bytes: Uint8Array): void {
    if (this.socket.readyState === 1) this.socket.send(writeBlob(name, bytes));
  }
}

export class Link {
  #current: OpenLine | undefined;
  #next: OpenLine | undefined;
  #renewing = false;
  #timer: number | undefined;
  #attempts = 0;
  #pace: Pace = "soon";
  #lastTry = -Infinity;
  #everOpen = false;
  #doubted = false;

  constructor(private url: string, private visitor: Visitor, private env: Surroundings) {}

  start(): void {
    this.visitor.linkChanged("connecting", 0);
    this.#connect();
    this.#watchForSleep(this.env.now());
  }

  /** On every line that has been introduced: while one node hands over to another there are two. */
  say(message: ToNode): void {
    if (this.#next?.introduced) this.#next.send(message);
    this.#current?.send(message);
  }

  get line(): Line | undefined {
    return this.#current;
  }

  /** Something happened that makes a try worth while: the tab is seen again, the network is back. */
  nudge(): void {
    if (this.#pace === "soon" && this.env.now() - this.#lastTry > 1000) this.tryNow();
  }

  tryNow(): void {
    if (!this.#current && !this.#next) this.#connect();
  }

  /** The line may be dead without knowing it: open a new one, and only then let go of it. */
  renew(): void {
    if (!this.#current) return this.nudge();
    this.#renewing = true;
    if (!this.#next) this.#connect();
  }

  /** The browser says that the network is gone. The line may come through it, and is not given up. */
  offline(): void {
    if (!this.#current || this.#doubted) return;
    this.#doubted = true;
    this.visitor.linkChanged("lost", 0);
  }

  #connect(): void {
    this.env.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#lastTry = this.env.now();
    let socket: WebSocket;
    try {
      socket = new this.env.WebSocket(this.url, "ephemeral.v1");
    } catch {
      this.visitor.linkChanged("impossible", 0);
      return;
    }
    socket.binaryType = "arraybuffer";
    const line = (this.#next = new OpenLine(socket));
    line.timer = this.env.setTimeout(() => this.#ended(line, 0), patience);
    socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => this.#read(line, event.data);
    socket.onclose = (event) => this.#ended(line, event.code);
  }

  #read(line: OpenLine, data: string | ArrayBuffer): void {
    if (this.#doubted && line === this.#current) {
      this.#doubted = false;
      this.visitor.linkChanged("open", 0);
    }
    if (typeof data !== "string") {
      const blob = readBlob(data);
      if (blob) this.visitor.received(line, blob.name, blob.bytes);
      return;
    }
    const message = readText(data);
    if (!message) return;
    if (message.type === "welcome") {
      if (!line.introduced) this.#welcomed(line, message);
      return;
    }
    if (message.type === "goodbye" && line === this.#current) {
      this.env.clearTimeout(this.#timer);
      this.#timer = this.env.setTimeout(() => this.renew(), message.retryAfterMs);
    }
    this.visitor.heard(line, message);
    if (message.type === "status" && line.awaited.delete(message.page) && line.awaited.size === 0) this.#settle(line);
  }

  #welcomed(line: OpenLine, limits: Limits): void {
    this.env.clearTimeout(line.timer);
    line.introduced = true;
    line.welcomedAt = this.env.now();
    this.#everOpen = true;
    line.awaited = new Set(this.visitor.introduce(line, limits));
    if (!this.#current || line.awaited.size === 0) this.#settle(line);
    else line.timer = this.env.setTimeout(() => this.#settle(line), patience);
  }

  #settle(line: OpenLine): void {
    if (line !== this.#next) return;
    this.env.clearTimeout(line.timer);
    this.env.clearTimeout(this.#timer);
    const old = this.#current;
    this.#current = line;
    this.#next = undefined;
    this.#renewing = false;
    this.#pace = "soon";
    this.#doubted = false;
    if (old) this.#drop(old);
    this.visitor.linkChanged("open", 0);
    this.visitor.settled(line);
  }

  #ended(line: OpenLine, code: number): void {
    this.#drop(line);
    if (line !== this.#current && line !== this.#next) return;
    if (line.introduced && this.env.now() - line.welcomedAt > steadyAfter) this.#attempts = 0;
    this.#pace = paceOf(code);

    if (line === this.#next) this.#next = undefined;
    else {
      this.#current = undefined;
      if (this.#next?.introduced) return this.#settle(this.#next);
    }
    if (this.#next || (this.#current && !this.#renewing)) return;
    const wait = this.#backOff();
    this.env.clearTimeout(this.#timer);
    this.#timer = this.env.setTimeout(() => this.#connect(), wait);
    if (this.#current) return;
    const hopeless = !this.#everOpen && this.#attempts >= hopelessAfter;
    this.visitor.linkChanged(hopeless ? "impossible" : this.#pace === "refused" ? "refused" : "lost", wait);
  }

  /** Full jitter: when a node falls, its visitors must not come back all at once. */
  #backOff(): number {
    const { first, most, least } = paces[this.#pace];
    return least + this.env.random() * Math.min(most, first * 2 ** this.#attempts++);
  }

  #drop(line: OpenLine): void {
    this.env.clearTimeout(line.timer);
    line.socket.onmessage = line.socket.onclose = null;
    line.socket.close();
  }

  #watchForSleep(last: number): void {
    this.env.setTimeout(() => {
      const now = this.env.now();
      if (now - last > asleepAfter) this.renew();
      this.#watchForSleep(now);
    }, pulseEvery);
  }
}
