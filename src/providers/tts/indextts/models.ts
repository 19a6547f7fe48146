/** A generation of IndexTTS, as far as it is another one to a client. */
export type ModelVersion = '1.5' | '2' | '2.5';

/** What each speaks, BCP 47 primary codes (IndexTTS release notes, 2025-03 to 2026-08). */
const languages: Readonly<Record<ModelVersion, readonly string[]>> = {
  '1.5': ['zh', 'en'],
  '2': ['zh', 'en'],
  '2.5': ['zh', 'en', 'ja', 'es', 'ar'],
};

/** Languages of a version; of all of them when it is not known yet. */
export function languagesOf(version: ModelVersion | undefined): readonly string[] {
  return languages[version ?? '2.5'];
}

/** The version that a model's name tells: `2.5`, `IndexTeam/IndexTTS-2.5`, `index_tts2`; undefined when it tells none. */
export function versionOf(name: string): ModelVersion | undefined {
  const [, digits] = /(?:^|index[-_]?tts[-_ ]?v?)(\d(?:\.\d)?)/i.exec(name.trim().replace(/^.*\//, '')) ?? [];
  if (digits === '2.5') return '2.5';
  if (digits?.startsWith('2')) return '2';
  return digits?.startsWith('1') ? '1.5' : undefined;
}

/** `IndexTTS-2.5`. */
export function modelName(version: ModelVersion): string {
  return `IndexTTS-${version}`;
}
