/** A text with the decimal digits of every script (१२, ١٢, １２) as ASCII digits. */
export function toAsciiDigits(text: string): string {
  return text.replace(/(?![0-9])\p{Nd}/gu, (digit) => String(digitValue(digit)));
}

/** Decimal digits come in runs of ten that begin at zero. */
function digitValue(digit: string): number {
  let zero = digit.codePointAt(0)!;
  for (let back = 0; back < 9 && /\p{Nd}/u.test(String.fromCodePoint(zero - 1)); back++) zero--;
  return digit.codePointAt(0)! - zero;
}
