/** Text read from bytes, and what had to be assumed on the way. */
export interface DecodedText {
  readonly text: string;
  /** WHATWG label of the encoding, e.g. `utf-8`, `utf-16le`, `windows-1252`. */
  readonly encoding: string;
  readonly warnings: readonly string[];
}

/**
 * Decodes a text file: UTF-8, UTF-16 (with a BOM or plainly so), else a legacy encoding that is said in a warning.
 * Shift_JIS, EUC-KR and GB18030 are taken only when the bytes are valid in them and read as that language; what is
 * left is windows-1252, which can read anything and is wrong for other alphabets: the warning names the first line.
 */
export function decodeText(bytes: Uint8Array): DecodedText {
  const wide = wideEncoding(bytes);
  if (wide) return { text: new TextDecoder(wide.label).decode(bytes), encoding: wide.label, warnings: wide.warnings };
  const utf8 = decodeStrictly(bytes, 'utf-8');
  if (utf8 !== undefined) return { text: utf8, encoding: 'utf-8', warnings: [] };
  const scan = scanUtf8(bytes);
  if (scan.goodLines > scan.bad.length) return decodeMixed(bytes, scan);
  for (const candidate of candidates) {
    const text = decodeStrictly(bytes, candidate.label);
    if (text !== undefined && candidate.reads(text, bytes)) return assumed(text, candidate.label, scan);
  }
  return assumed(decodeWindows1252(bytes), 'windows-1252', scan);
}

function assumed(text: string, encoding: string, scan: Utf8Scan): DecodedText {
  const warning =
    `The file is not UTF-8 (first bad bytes in line ${scan.bad[0]?.line ?? 1}); it was read as ${encoding}. ` +
    'Save it as UTF-8 if letters look wrong.';
  return { text, encoding, warnings: [warning] };
}

function decodeStrictly(bytes: Uint8Array, label: string): string | undefined {
  try {
    return new TextDecoder(label, { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** What windows-1252 holds at 0x80…0x9f (WHATWG Encoding, index windows-1252); Node 20 leaves control codes there. */
const upperControls = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

function decodeWindows1252(bytes: Uint8Array): string {
  const text = new TextDecoder('windows-1252').decode(bytes);
  return text.replace(/[\u0080-\u009f]/g, (char) => upperControls[char.charCodeAt(0) - 0x80]!);
}

interface Wide {
  readonly label: string;
  readonly warnings: readonly string[];
}

/** UTF-16 by its BOM, or by a NUL in nearly every second byte of the first half kilobyte. */
function wideEncoding(bytes: Uint8Array): Wide | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return { label: 'utf-16le', warnings: [] };
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return { label: 'utf-16be', warnings: [] };
  const head = bytes.subarray(0, 512);
  const zeros = [0, 0];
  head.forEach((byte, index) => {
    if (byte === 0) zeros[index % 2]!++;
  });
  const [even = 0, odd = 0] = zeros;
  const many = head.length * 0.4;
  if (head.length < 16 || (even > many && odd > many)) return undefined;
  const warnings = ['The file has no byte order mark; it was read as UTF-16.'];
  if (odd > many) return { label: 'utf-16le', warnings };
  return even > many ? { label: 'utf-16be', warnings } : undefined;
}

interface BadLine {
  /** 1-based. */
  readonly line: number;
  readonly start: number;
  readonly end: number;
}

interface Utf8Scan {
  readonly bad: readonly BadLine[];
  /** Lines that hold characters beyond ASCII, all of them valid. */
  readonly goodLines: number;
}

function scanUtf8(bytes: Uint8Array): Utf8Scan {
  const bad: BadLine[] = [];
  let goodLines = 0;
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    let end = start;
    while (end < bytes.length && bytes[end] !== 0x0a && bytes[end] !== 0x0d) end++;
    const kind = lineKind(bytes, start, end);
    if (kind === 'bad') bad.push({ line, start, end });
    else if (kind === 'good') goodLines++;
    start = bytes[end] === 0x0d && bytes[end + 1] === 0x0a ? end + 2 : end + 1;
  }
  return { bad, goodLines };
}

function lineKind(bytes: Uint8Array, start: number, end: number): 'ascii' | 'good' | 'bad' {
  let kind: 'ascii' | 'good' = 'ascii';
  for (let at = start; at < end; ) {
    const length = sequenceLength(bytes, at, end);
    if (length === 0) return 'bad';
    if (length > 1) kind = 'good';
    at += length;
  }
  return kind;
}

/** Length of the UTF-8 sequence at `at`, 0 when it is none (Unicode 15, table 3-7). */
function sequenceLength(bytes: Uint8Array, at: number, end: number): number {
  const lead = bytes[at]!;
  if (lead < 0x80) return 1;
  const length =
    lead >= 0xc2 && lead <= 0xdf ? 2 : lead >= 0xe0 && lead <= 0xef ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
  if (length === 0 || at + length > end) return 0;
  const second = bytes[at + 1]!;
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return 0;
  for (let next = 2; next < length; next++) if ((bytes[at + next]! & 0xc0) !== 0x80) return 0;
  return length;
}

/** A UTF-8 file with a few lines pasted from elsewhere: only those are read as windows-1252. */
function decodeMixed(bytes: Uint8Array, scan: Utf8Scan): DecodedText {
  const utf8 = new TextDecoder('utf-8');
  const parts: string[] = [];
  let done = 0;
  for (const { start, end } of scan.bad) {
    parts.push(utf8.decode(bytes.subarray(done, start)), decodeWindows1252(bytes.subarray(start, end)));
    done = end;
  }
  parts.push(utf8.decode(bytes.subarray(done)));
  const count = scan.bad.length;
  const lines = count === 1 ? `Line ${scan.bad[0]!.line} is` : `${count} lines (first: ${scan.bad[0]!.line}) are`;
  return { text: parts.join(''), encoding: 'utf-8', warnings: [`${lines} not UTF-8 and read as windows-1252.`] };
}

interface Candidate {
  readonly label: string;
  /** True when the decoded text reads as the language the encoding is for. */
  reads(text: string, bytes: Uint8Array): boolean;
}

/**
 * Shares were chosen to refuse European text: an accent there stands alone among ASCII, so its byte runs are of odd
 * length, and Cyrillic words are as often odd as even. Two-byte encodings have even runs only.
 */
const candidates: readonly Candidate[] = [
  { label: 'shift_jis', reads: (text) => shareOf(text, /[\u3040-\u30ff]/) >= 0.3 },
  { label: 'euc-kr', reads: (text, bytes) => shareOf(text, /[\uac00-\ud7a3]/) >= 0.95 && evenRuns(bytes) >= 0.95 },
  { label: 'gb18030', reads: (text, bytes) => shareOf(text, /[\u4e00-\u9fff]/) >= 0.6 && evenRuns(bytes) >= 0.9 },
];

/** Enough of a long file to know its language by. */
const sampleLength = 100_000;

/** Share of the characters beyond ASCII that match. */
function shareOf(text: string, wanted: RegExp): number {
  let beyond = 0;
  let matching = 0;
  for (const char of text.slice(0, sampleLength)) {
    if (char <= '\u007f') continue;
    beyond++;
    if (wanted.test(char)) matching++;
  }
  return beyond === 0 ? 0 : matching / beyond;
}

/** Share of the bytes above 0x7f that lie in runs of even length. */
function evenRuns(bytes: Uint8Array): number {
  let all = 0;
  let inEven = 0;
  let run = 0;
  for (let at = 0; at <= Math.min(bytes.length, sampleLength); at++) {
    if ((bytes[at] ?? 0) > 0x7f) run++;
    else {
      all += run;
      if (run % 2 === 0) inEven += run;
      run = 0;
    }
  }
  return all === 0 ? 0 : inEven / all;
}
