/** How one language says whole numbers: written out in words, agreement of gender and case aside. */
export interface NumberSpeaker {
  /** 0 … 999. */
  small(value: number): string;
  /** `1000`, `2000`, …: the count and its word for thousand. */
  thousand(count: number, small: (value: number) => string): string;
  /** Words for 10⁶ and 10⁹: one, several, and two to four where that differs. */
  readonly millions: readonly [string, string, string?];
  readonly milliards: readonly [string, string, string?];
  /** The whole number, where a language does not count by thousands. */
  whole?(value: number): string;
  /** A year from 1100 on, where it is not said like any other number. */
  year?(value: number, small: (value: number) => string): string | undefined;
  /** What stands between the whole part and the decimals. */
  readonly point: string;
  /** True where decimals are said digit by digit. */
  readonly byDigit?: boolean;
  /** What is said after one, two and three decimals: tenths, hundredths. */
  readonly afterDecimals?: readonly string[];
}

/** Words of a list, as they are written. */
export const split = (words: string) => words.split(' ');

/** 0 … 999 by what is below a hundred and the words for hundreds. */
export function byHundreds(
  below100: (value: number) => string,
  hundred: (count: number, rest: number) => string,
  between = ' ',
): (value: number) => string {
  return (value) => {
    if (value < 100) return below100(value);
    const rest = value % 100;
    const head = hundred(Math.trunc(value / 100), rest);
    return rest === 0 ? head : head + between + below100(rest);
  };
}

/** 0 … 99 as `twenty one`. */
export function tensThenOnes(value: number, ones: readonly string[], tens: readonly string[]): string {
  return ones[value] ?? joined(tens[Math.trunc(value / 10)]!, ones[value % 10]!, value % 10, ' ');
}

/** One, two to four, or more of something; eleven to fourteen count as more. */
export function slavic(count: number, one: string, few: string, many: string): string {
  const last = count % 10;
  const isTeen = Math.trunc(count / 10) % 10 === 1;
  if (!isTeen && last === 1) return one;
  return !isTeen && last >= 2 && last <= 4 ? few : many;
}

/** A ten and what is added to it. */
export function joined(ten: string, one: string, rest: number, between: string): string {
  return rest === 0 ? ten : ten + between + one;
}
