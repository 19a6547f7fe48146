import { access } from 'node:fs/promises';
import { type CastMember, voiceIdentity } from '../domain/cast.js';
import type { Term } from '../domain/meaning.js';
import type { Script, Translation } from '../domain/script.js';
import type { Soundtrack, Source } from '../domain/source.js';
import type { Transcript } from '../domain/transcript.js';
import type { TtsProvider } from '../providers/tts/contract.js';
import { hashFile } from '../workspace/hash.js';
import type { Casting, Crew } from './casting/crew.js';
import type { Chosen, DubJob, Target } from './job.js';
import type { LineEdit } from './resuming/edits.js';
import type { LineShape } from './resuming/settled.js';

/** Versions of what the stages make: raise one when the same inputs would come out otherwise. */
const versions = {
  extract: 1,
  transcribe: 1,
  segment: 2,
  cast: 2,
  translate: 1,
  synthesize: 1,
  mix: 1,
  check: 2,
  report: 1,
};

/** What shapes the soundtrack. */
export function extractKey(job: DubJob, source: Source): unknown {
  const needsAudio = needsSpeech(job);
  return {
    v: versions.extract,
    source: source.fingerprint,
    path: source.path,
    language: job.sourceLanguage,
    audioTrack: job.audioTrack,
    needsAudio,
  };
}

/** Whether any of the recognisers listens. */
export function needsSpeech({ asr }: DubJob): boolean {
  return [asr, ...(asr.others ?? [])].some(({ provider }) => provider.limits.needsAudio);
}

/** What shapes the transcript. */
export async function transcribeKey(job: DubJob, soundtrack: Soundtrack): Promise<unknown> {
  const asr = await providerKey(job.asr);
  const { sourceLanguage: language, speakers, storage } = job;
  // A recogniser with several models takes another one when there is no store, with other times.
  const model = job.asr.provider.choose?.({ language, speakers, canPublish: storage.provider.stores }).model;
  return { v: versions.transcribe, soundtrack, asr, language, speakers, model };
}

/**
 * What shapes a paid recognition: as the transcript's, but for where the sound lies. A film that was moved or copied has
 * the same sound.
 */
export async function recognitionScope(job: DubJob, soundtrack: Soundtrack): Promise<unknown> {
  const { speechPath, durationMs } = soundtrack;
  const sound = speechPath === undefined ? undefined : await hashFile(speechPath);
  const { sourceLanguage: language, speakers } = job;
  return { v: versions.transcribe, sound, durationMs, asr: await providerKey(job.asr), language, speakers };
}

/** What shapes the script. */
export function segmentKey(transcript: Transcript, source: Source): unknown {
  return { v: versions.segment, transcript, programmeMs: source.durationMs };
}

/** What shapes the cast. */
export async function castKey(
  target: Target,
  crew: Crew,
  given: {
    readonly speakers: readonly string[];
    readonly wanted: unknown;
    readonly clone: boolean;
    readonly sound: string;
  },
): Promise<unknown> {
  const engines = await Promise.all([...crew.values()].map(providerKey));
  return { v: versions.cast, language: target.language, tts: target.tts.label, engines, ...given };
}

/** What shapes the translation. */
export async function translateKey(
  target: Target,
  script: Script,
  edits: ReadonlyMap<string, LineEdit> = new Map(),
): Promise<unknown> {
  const translator = await providerKey(target.translator);
  const byHand = [...edits].map(([id, { text }]) => [id, text]);
  const others = othersOf(target.translator);
  return { v: versions.translate, script, language: target.language, translator, byHand, ...others };
}

/** What tells one film from another, wherever it lies. */
export function filmKey({ durationMs, streams }: Source): Readonly<Record<string, unknown>> {
  const shapes = streams.map(({ type, codec, durationMs: length, bitRate }) => ({
    ...{ type, codec, durationMs: length, bitRate },
  }));
  return { durationMs, streams: shapes };
}

/** What shapes how fast a voice speaks. */
export function voiceKey(
  tts: Chosen<TtsProvider>,
  language: string,
  member: CastMember,
): Readonly<Record<string, unknown>> {
  return { v: 1, language, tts: tts.label, fingerprint: tts.provider.fingerprint(), ...voiceIdentity(member) };
}

/**
 * What shapes every translated line besides its own words and time: the engine and the film. A film is known by its
 * streams, so that a copy of it in another place is the same one. Of a glossary only the terms that a line holds shape it,
 * so it is left out here.
 */
export async function lineScope(
  { translator: chosen }: Pick<Target, 'translator'>,
  source: Source,
  rounds: Readonly<Record<string, number>>,
): Promise<unknown> {
  const { glossary: _, ...options } = chosen.options;
  const translator = await providerKey({ ...chosen, options });
  return { translator, film: filmKey(source), ...(rounds.translate ? { round: rounds.translate } : {}) };
}

/** What shapes a line's wording, its fit to the voice included. */
export async function lineShape(
  target: Target,
  source: Source,
  rounds: Readonly<Record<string, number>>,
  { cast, crew }: Casting,
): Promise<LineShape> {
  return {
    scope: await lineScope(target, source, rounds),
    spokenBy(speaker) {
      const member = cast.members[speaker];
      return member && voiceKey(crew.get(member.provider)!, target.language, member);
    },
    termsIn: glossaryOf(target),
  };
}

/** Finds the terms of the translator's glossary that a line holds; undefined when it holds none. */
export function glossaryOf(target: Pick<Target, 'translator'>): (text: string) => unknown {
  const terms = glossaryTerms(target);
  return (text) => {
    const low = text.toLowerCase();
    const found = terms.filter((term) => low.includes(term.source.toLowerCase()));
    return found.length === 0 ? undefined : found;
  };
}

/** The terms that the translator was given, where it takes any. */
export function glossaryTerms({ translator }: Pick<Target, 'translator'>): readonly Term[] {
  const { glossary } = translator.options;
  if (!Array.isArray(glossary)) return [];
  return glossary.filter((term): term is Term => typeof term?.source === 'string' && typeof term?.target === 'string');
}

/** What shapes the takes. */
export async function synthesizeKey({ cast, crew }: Casting, translation: Translation): Promise<unknown> {
  const engines = [...crew.values()];
  const tts = await Promise.all(engines.map(providerKey));
  const fingerprints = engines.map(({ provider }) => provider.fingerprint());
  const voices = Object.entries(cast.members).map(([speaker, member]) => ({
    ...{ speaker, provider: member.provider, ...voiceIdentity(member) },
  }));
  return { v: versions.synthesize, translation, voices, tts, fingerprints, ...othersOf(engines[0]!) };
}

/** What shapes the mix. */
export function mixKey(given: Readonly<Record<string, unknown>>): unknown {
  return { v: versions.mix, ...given };
}

/** What shapes a verdict: what the finished files are held against, and every byte of them. */
export function verdictKey(record: unknown, files: readonly string[]): Readonly<Record<string, unknown>> {
  return { stage: 'check', v: versions.check, record, files };
}

/** What shapes the report. */
export function reportKey(record: unknown, verdict: unknown): Readonly<Record<string, unknown>> {
  return { stage: 'report', v: versions.report, record, verdict };
}

/** What makes one provider's answers differ from another's: its name, its options, and the user's files it reads. */
export async function providerKey(chosen: Chosen<unknown>): Promise<Record<string, unknown>> {
  const files = await Promise.all(chosen.files.map(hashFile));
  return { label: chosen.label, options: chosen.options, files };
}

/** Another chain behind the same first engine may do what failed before; without one the key is as it always was. */
function othersOf({ others = [] }: Chosen<unknown>): { readonly others?: readonly string[] } {
  return others.length === 0 ? {} : { others: others.map(({ label }) => label) };
}

/** True when all files an artefact points to are still there; undefined ones do not count. */
export async function filesExist(paths: readonly (string | undefined)[]): Promise<boolean> {
  const found = await Promise.all(
    paths
      .filter((path) => path !== undefined)
      .map((path) =>
        access(path).then(
          () => true,
          () => false,
        ),
      ),
  );
  return found.every(Boolean);
}
