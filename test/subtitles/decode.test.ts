import { describe, expect, it } from 'vitest';
import { decodeText } from '../../src/subtitles/decode.js';

const latin1 = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));
const hex = (text: string) => Uint8Array.from(text.match(/../g)!, (pair) => Number.parseInt(pair, 16));

function utf16(text: string, littleEndian: boolean, mark: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer((text.length + (mark ? 1 : 0)) * 2));
  [...((mark ? '\ufeff' : '') + text)].forEach((char, at) => {
    view.setUint16(at * 2, char.charCodeAt(0), littleEndian);
  });
  return new Uint8Array(view.buffer);
}

describe('decodeText', () => {
  it('reads UTF-8 with and without a BOM', () => {
    const plain = new TextEncoder().encode('né 中');
    expect(decodeText(plain)).toEqual({ text: 'né 中', encoding: 'utf-8', warnings: [] });
    expect(decodeText(Uint8Array.from([0xef, 0xbb, 0xbf, ...plain])).text).toBe('né 中');
  });

  it('reads UTF-16 of both byte orders, and says so when there was no BOM', () => {
    const text = '00:00:01,000 --> 00:00:02,000\nÉté';
    for (const little of [true, false]) {
      expect(decodeText(utf16(text, little, true))).toMatchObject({ text, warnings: [] });
      expect(decodeText(utf16(text, little, false))).toMatchObject({
        text,
        encoding: little ? 'utf-16le' : 'utf-16be',
        warnings: ['The file has no byte order mark; it was read as UTF-16.'],
      });
    }
  });

  it('reads Western bytes as windows-1252 and names the first bad line', () => {
    const { text, warnings } = decodeText(latin1('one\r\ntwo\r\nd\xe9j\xe0 vu \x93quoted\x94\r\nni\xf1o'));
    expect(text).toBe('one\r\ntwo\r\ndéjà vu “quoted”\r\nniño');
    expect(warnings).toEqual([
      'The file is not UTF-8 (first bad bytes in line 3); it was read as windows-1252. Save it as UTF-8 if letters look wrong.',
    ]);
  });

  it.each([
    ['gb18030', 'c4e3bac3cac0bde7a3acbbb6d3add2bbbab3', '你好世界，欢迎一撼'],
    ['shift_jis', '82b182f182c982bf82cd90a28a458142', 'こんにちは世界。'],
    ['euc-kr', 'bec8b3e7c7cfbcbcbfe4', '안녕하세요'],
  ])('recognises %s', (encoding, bytes, text) => {
    expect(decodeText(hex(bytes))).toMatchObject({ encoding, text });
  });

  it('does not take Cyrillic bytes for Chinese', () => {
    // windows-1251: "Привет, как дела? Это новый день."
    const bytes = hex('cff0e8e2e5f22c20eae0ea20e4e5ebe03f20ddf2ee20edeee2fbe920e4e5edfc2e');
    expect(decodeText(bytes).encoding).toBe('windows-1252');
  });

  it('reads only the bad lines of a UTF-8 file as windows-1252', () => {
    const utf8 = new TextEncoder().encode('déjà vu\nélan\n');
    const { text, warnings } = decodeText(Uint8Array.from([...utf8, ...latin1('caf\xe9\n'), ...utf8]));
    expect(text).toBe('déjà vu\nélan\ncafé\ndéjà vu\nélan\n');
    expect(warnings).toEqual(['Line 3 is not UTF-8 and read as windows-1252.']);
  });

  it.each(['c080', 'e08080', 'eda080', 'f4908080', 'f8', 'e282', 'c3'])('takes %s for no UTF-8', (bytes) => {
    expect(decodeText(hex(bytes)).warnings).toHaveLength(1);
  });

  it('counts several bad lines among good ones, four-byte characters included', () => {
    const utf8 = new TextEncoder().encode('😀\né\n😀 中\n');
    const { warnings } = decodeText(Uint8Array.from([...utf8, ...latin1('\xe9\r\xe8\n')]));
    expect(warnings).toEqual(['2 lines (first: 4) are not UTF-8 and read as windows-1252.']);
  });
});
