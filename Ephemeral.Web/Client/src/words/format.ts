// Numbers, sizes, times and plurals as a language writes them: the rules are the browser's own (Intl).

/** A sentence's part for each plural form that the language has; # stands for the number. */
export type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };

export interface Formats {
  number(n: number): string;
  count(n: number, forms: Forms): string;
  size(bytes: number): string;
  /** Of milliseconds. */
  seconds(ms: number): string;
  /** A rough time to go, of seconds. */
  about(seconds: number): string;
}

/** `units`: what 1024, 1024² and 1024³ bytes are called. */
export function formats(locale: string, units: readonly [string, string, string], roughly: (time: string) => string): Formats {
  const plural = new Intl.PluralRules(locale);
  const plain = new Intl.NumberFormat(locale);
  const unit = (name: string, digits = 0): Intl.NumberFormat =>
    new Intl.NumberFormat(locale, { style: "unit", unit: name, unitDisplay: "long", maximumFractionDigits: digits });
  const number = (n: number): string => plain.format(n);
  return {
    number,
    count: (n, forms) => (forms[plural.select(n)] ?? forms.other).replace("#", number(n)),
    size: (bytes) => {
      if (bytes < 1024) return unit("byte").format(bytes);
      const step = bytes < 1024 ** 2 ? 0 : bytes < 1024 ** 3 ? 1 : 2;
      const amount = bytes / 1024 ** (step + 1);
      return `${new Intl.NumberFormat(locale, { maximumFractionDigits: amount < 10 ? 2 : 1 }).format(amount)} ${units[step]}`;
    },
    seconds: (ms) => new Intl.NumberFormat(locale, { style: "unit", unit: "second", unitDisplay: "short", maximumFractionDigits: 1 }).format(ms / 1000),
    about: (seconds) => {
      if (seconds < 90) return roughly(unit("second").format(Math.max(1, Math.round(seconds))));
      return roughly(seconds < 5400 ? unit("minute").format(Math.round(seconds / 60)) : unit("hour").format(Math.round(seconds / 3600)));
    },
  };
}

/** Of an address. */
export const short = (hash: string): string => `${hash.slice(0, 4)}…${hash.slice(-4)}`;
