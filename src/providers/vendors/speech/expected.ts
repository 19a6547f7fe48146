/**
 * How long a text takes to say, in milliseconds, give or take a half: about 15 letters a second, 4 to 5 characters of
 * Chinese and Japanese (both rules of thumb); a digit or a symbol with a name is a word.
 */
export function expectedMs(text: string): number {
  let sum = 0;
  for (const character of text) sum += timeOf(character);
  return sum;
}

function timeOf(character: string): number {
  if (/\p{Script=Han}/u.test(character)) return 220;
  if (/\p{Script=Hangul}/u.test(character)) return 180;
  if (/[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(character)) return 140;
  if (/[\p{N}+=%&@$€£¥°]|\p{Extended_Pictographic}/u.test(character)) return 300;
  return /\p{L}/u.test(character) ? 66 : 0;
}
