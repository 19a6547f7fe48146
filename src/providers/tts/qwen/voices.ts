import { parseLanguage, primaryLanguage } from '../../../domain/language.js';
import type { Voice } from '../contract.js';
import type { QwenModel } from './models.js';

/** A system voice of Qwen-TTS; its name is exact, capitals and spaces included. */
export interface QwenVoice {
  readonly name: string;
  readonly gender: 'female' | 'male';
  readonly note: string;
  /** The language it is a native speaker of; undefined for voices that are Chinese first and good at all ten. */
  readonly home?: string | undefined;
  /** A part to play rather than a voice for anybody: a child, a witch, a football commentator. */
  readonly character: boolean;
  readonly dialect?: Dialect | undefined;
  /** Models that have it, by the letters of `modelLetters`. */
  readonly models: string;
}

interface Dialect {
  readonly name: string;
  /** BCP 47; `zh` for the kinds of Mandarin, which have no code of their own. */
  readonly language: string;
}

type Details = Partial<Pick<QwenVoice, 'home' | 'character' | 'dialect'>>;

// Which models have a voice: F qwen3-tts-flash, I the instruct model, 8 the flash of 2025-09-18, q all of qwen-tts,
// Q only qwen-tts-latest and -2025-05-22.
const everywhere = 'FI8q';

/** The 49 system voices (Qwen-TTS user guide, 2026-02), those that suit anybody first, in the order casting takes them. */
export const qwenVoices: readonly QwenVoice[] = [
  female('Cherry', '芊悦: sunny, warm, natural young woman', everywhere),
  male('Ethan', '晨煦: sunny, energetic; slight northern accent', everywhere),
  female('Serena', '苏瑶: gentle young woman', 'FIq'),
  male('Andre', 'magnetic, calm', 'F'),
  female('Maia', '四月: intellectual, gentle', 'FI'),
  male('Neil', '阿闻: news anchor', 'FI'),
  female('Seren', '小婉: calm, soothing', 'FI'),
  male('Kai', '凯: soothing', 'FI'),
  female('Elias', '墨讲师: lecturer', 'FI8'),
  male('Moon', '月白: dashing', 'FI'),
  female('Bellona', '燕铮莺: loud, dramatic, clear', 'FI'),
  male('Vincent', '田叔: husky', 'FI'),
  female('Mia', '乖小妹: docile, soft', 'FI'),
  male('Eldric Sage', '沧明子: calm wise elder', 'FI'),
  female('Vivian', '十三: feisty', 'FI'),
  male('Nofish', '不吃鱼: designer without retroflex sounds', 'FI8'),
  female('Nini', '邻家妹妹: sweet', 'FI'),
  male('Arthur', '徐大爷: old storyteller', 'FI'),
  female('Jennifer', 'cinematic US English', 'F8', { home: 'en' }),
  male('Aiden', 'young US English', 'F', { home: 'en' }),
  female('Katerina', 'mature', 'F8', { home: 'en' }),
  male('Ryan', 'rhythmic, dramatic', 'F8', { home: 'en' }),
  male('Bodega', 'warm Spanish uncle', 'F', { home: 'es' }),
  female('Sonrisa', 'Latin American', 'F', { home: 'es' }),
  male('Alek', 'Russian', 'F', { home: 'ru' }),
  male('Dolce', 'Italian', 'F', { home: 'it' }),
  female('Sohee', 'Korean', 'F', { home: 'ko' }),
  female('Ono Anna', 'Japanese', 'F', { home: 'ja' }),
  male('Lenn', 'German', 'F', { home: 'de' }),
  male('Emilien', 'French', 'F', { home: 'fr' }),
  character('Chelsie', 'female', '千雪: anime-style girl', 'FIq'),
  character('Momo', 'female', '茉兔: playful, funny', 'FI'),
  character('Bella', 'female', '萌宝: little girl', 'FI'),
  character('Mochi', 'male', '沙小弥: clever boy', 'FI'),
  character('Bunny', 'female', '萌小姬: very cute', 'FI'),
  character('Pip', 'male', '顽屁小孩: naughty boy', 'FI'),
  character('Stella', 'female', '少女阿月: magical girl', 'FI'),
  // Missing from the guide's table, but in the Java SDK's list and in one that was tried out.
  character('Ebona', 'female', '诡婆婆: spooky old woman', 'F'),
  character('Radio Gol', 'male', 'football commentator, Portuguese', 'F', 'pt'),
  dialect('Rocky', 'male', 'Cantonese', 'yue', 'F8'),
  dialect('Kiki', 'female', 'Cantonese', 'yue', 'F8'),
  dialect('Jada', 'female', 'Shanghainese', 'wuu', 'F8Q'),
  dialect('Roy', 'male', 'Minnan', 'nan', 'F8'),
  dialect('Dylan', 'male', 'Beijing dialect', 'zh', 'F8Q'),
  dialect('Sunny', 'female', 'Sichuan dialect', 'zh', 'F8Q'),
  dialect('Eric', 'male', 'Sichuan dialect', 'zh', 'F8'),
  dialect('Marcus', 'male', 'Shaanxi dialect', 'zh', 'F8'),
  dialect('Peter', 'male', 'Tianjin dialect', 'zh', 'F8'),
  dialect('Li', 'male', 'Nanjing dialect', 'zh', 'F8'),
];

/** System voices of a model, casting's order kept; none for models that speak with voices of the account's own. */
export function voicesOf(model: QwenModel): readonly QwenVoice[] {
  const letters = lettersOf(model);
  return qwenVoices.filter((voice) => [...letters].some((letter) => voice.models.includes(letter)));
}

/** BCP 47 primary codes that a model speaks, with those dialects that have a code. */
export function languagesOf(model: QwenModel): readonly string[] {
  const dialects = voicesOf(model).flatMap((voice) => (voice.dialect === undefined ? [] : [voice.dialect.language]));
  return [...new Set([...model.languages, ...dialects])];
}

/**
 * Voices for a language, best first: its native ones, those for anybody, those with another accent, characters, and
 * last the dialects, which so are taken only when they are named or the language is theirs.
 */
export function offerVoices(model: QwenModel, language: string | undefined): readonly Voice[] {
  const own = voicesOf(model);
  const fitting = language === undefined ? own : own.filter((voice) => speaks(voice, model, language));
  const ranked = fitting.map((voice) => ({ voice, rank: rankOf(voice, language) }));
  return ranked.sort((a, b) => a.rank - b.rank).map(({ voice }) => describeVoice(voice, model));
}

/** Whether a voice speaks a language in this model: dialect voices speak theirs and pass for Chinese. */
export function speaks(voice: QwenVoice, model: QwenModel, language: string): boolean {
  const primary = primaryOf(language);
  if (voice.dialect === undefined) return model.languages.includes(primary);
  return primary === 'zh' || primary === voice.dialect.language;
}

/** The primary code of a tag: `zh` of `zh-Hant-HK`. */
export function primaryOf(language: string): string {
  return primaryLanguage(parseLanguage(language) ?? language);
}

function rankOf({ home, character, dialect }: QwenVoice, language: string | undefined): number {
  if (language === undefined) return 0;
  if (dialect !== undefined) return dialect.language === spokenIn(language) && dialect.language !== 'zh' ? 0 : 5;
  if (character) return 4;
  if (home === undefined) return 2;
  return home === primaryOf(language) ? 1 : 3;
}

/** What is spoken where a tag points to: Chinese as it is spoken in Hong Kong and Macau is Cantonese. */
function spokenIn(language: string): string {
  const primary = primaryOf(language);
  return primary === 'zh' && /-(HK|MO)(-|$)/i.test(language) ? 'yue' : primary;
}

function describeVoice({ name, gender, note, dialect }: QwenVoice, model: QwenModel): Voice {
  const languages = dialect === undefined ? model.languages : [...new Set([dialect.language, 'zh'])];
  return { name, languages, gender, note };
}

function lettersOf({ name, kind }: QwenModel): string {
  if (kind === 'flash') return name === 'qwen3-tts-flash-2025-09-18' ? '8' : 'F';
  if (kind === 'instruct') return 'I';
  if (kind !== 'legacy') return '';
  return /^qwen-tts(-2025-04-10)?$/.test(name) ? 'q' : 'qQ';
}

function female(name: string, note: string, models: string, details: Details = {}): QwenVoice {
  return { name, gender: 'female', note, models, character: false, ...details };
}

function male(name: string, note: string, models: string, details: Details = {}): QwenVoice {
  return { name, gender: 'male', note, models, character: false, ...details };
}

function character(name: string, gender: QwenVoice['gender'], note: string, models: string, home?: string): QwenVoice {
  return { name, gender, note, models, character: true, home };
}

function dialect(
  name: string,
  gender: QwenVoice['gender'],
  dialectName: string,
  language: string,
  models: string,
): QwenVoice {
  const spoken = { name: dialectName, language };
  return { name, gender, note: dialectName, models, character: false, dialect: spoken };
}
