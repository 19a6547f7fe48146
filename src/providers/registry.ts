import { nearestName } from '../domain/nearest.js';
import { DubError } from '../errors.js';
import type { ProviderKind } from './contract.js';
import type { AnyDefinition } from './define.js';

/** What is known of a provider before its code is loaded. */
export interface RegistryEntry<Kind extends ProviderKind = ProviderKind> {
  readonly kind: Kind;
  readonly name: string;
  readonly summary: string;
  /** True when no network is needed. */
  readonly offline: boolean;
  /** True for engines good enough for rehearsals and tests only: never picked unless named. */
  readonly rough: boolean;
  /** The only operating system it exists on, as Node names it; undefined for all. */
  readonly platform?: NodeJS.Platform | undefined;
  /** The only languages it serves, BCP 47 primary codes, where that is known beforehand. */
  readonly languages?: readonly string[] | undefined;
  /** What a user does to get or use it: commands and flags, spelled out. */
  readonly setup: string;
  load(): Promise<AnyDefinition<Kind>>;
}

type Entries = { readonly [Kind in ProviderKind]: readonly RegistryEntry<Kind>[] };

/** Every provider that ships, by kind; among those without a network the first that serves is taken by `--offline`. */
const entries: Entries = {
  asr: [
    {
      kind: 'asr',
      name: 'qwen',
      summary: 'Qwen ASR on Model Studio: about 30 languages, word times, speakers',
      offline: false,
      rough: false,
      setup: '--asr qwen (DASHSCOPE_API_KEY)',
      load: async () => (await import('./asr/qwen/index.js')).qwen,
    },
    {
      kind: 'asr',
      name: 'volcengine',
      summary: 'Volcengine (Doubao): word times, speakers, with a store or without (flash)',
      offline: false,
      rough: false,
      languages: ['zh', 'yue', 'en', 'ja', 'id', 'es', 'pt', 'de', 'fr', 'ko', 'fil', 'tl', 'ms', 'th', 'ar'],
      setup: '--asr volcengine (VOLCENGINE_ASR_API_KEY, or VOLCENGINE_ASR_APP_KEY and VOLCENGINE_ASR_ACCESS_KEY)',
      load: async () => (await import('./asr/volcengine/index.js')).volcengine,
    },
    {
      kind: 'asr',
      name: 'subtitles',
      summary: 'the script from an SRT or WebVTT file, or from a subtitle track of the input',
      offline: true,
      rough: false,
      setup: '--script FILE.srt',
      load: async () => (await import('./asr/subtitles/index.js')).subtitles,
    },
    {
      kind: 'asr',
      name: 'openai',
      summary: 'any OpenAI-compatible recogniser: openai:MODEL@https://host/v1',
      offline: false,
      rough: false,
      setup: '--asr openai:MODEL@https://host/v1 (OPENAI_API_KEY where the server asks for one)',
      load: async () => (await import('./asr/openai/index.js')).openai,
    },
    {
      kind: 'asr',
      name: 'funasr',
      summary: 'a FunASR server of your own, by WebSocket: word times where its model has them',
      offline: false,
      rough: false,
      setup: '--asr funasr:wss://host:10095 (FUNASR_URL)',
      load: async () => (await import('./asr/funasr/index.js')).funasr,
    },
    {
      kind: 'asr',
      name: 'whisper-cpp',
      summary: 'whisper.cpp: about 100 languages, with a model file you name',
      offline: true,
      rough: false,
      setup: '--asr whisper-cpp:MODEL.bin (whisper-cli: brew install whisper-cpp, or build it)',
      load: async () => (await import('./asr/whisper-cpp/index.js')).whisperCpp,
    },
    {
      kind: 'asr',
      name: 'pocketsphinx',
      summary: 'pocketsphinx: English only, rough, for rehearsals',
      offline: true,
      rough: true,
      languages: ['en'],
      setup: 'sudo apt-get install -y pocketsphinx pocketsphinx-en-us',
      load: async () => (await import('./asr/pocketsphinx/index.js')).pocketsphinx,
    },
  ],
  translation: [
    {
      kind: 'translation',
      name: 'qwen',
      summary: 'Qwen chat models on Model Studio: context, terms, lines as long as they may be',
      offline: false,
      rough: false,
      setup: '--translator qwen (DASHSCOPE_API_KEY)',
      load: async () => (await import('./translation/chat/index.js')).qwen,
    },
    {
      kind: 'translation',
      name: 'qwen-mt',
      summary: 'Qwen-MT on Model Studio: 92 languages, terms and memory, no heed of length',
      offline: false,
      rough: false,
      setup: '--translator qwen-mt (DASHSCOPE_API_KEY)',
      load: async () => (await import('./translation/qwen-mt/index.js')).qwenMt,
    },
    {
      kind: 'translation',
      name: 'glm',
      summary: 'Zhipu GLM: context, terms, lines as long as they may be',
      offline: false,
      rough: false,
      setup: '--translator glm (GLM_API_KEY)',
      load: async () => (await import('./translation/chat/presets.js')).glm,
    },
    {
      kind: 'translation',
      name: 'deepseek',
      summary: 'DeepSeek: context, terms, lines as long as they may be',
      offline: false,
      rough: false,
      setup: '--translator deepseek (DEEPSEEK_API_KEY)',
      load: async () => (await import('./translation/chat/presets.js')).deepseek,
    },
    {
      kind: 'translation',
      name: 'openai',
      summary: 'OpenAI, or any server shaped like it: MODEL@https://host/v1',
      offline: false,
      rough: false,
      setup: '--translator openai:MODEL@https://host/v1 (OPENAI_API_KEY)',
      load: async () => (await import('./translation/chat/presets.js')).openai,
    },
    {
      kind: 'translation',
      name: 'ollama',
      summary: 'Ollama on this machine, with a model you have pulled',
      offline: true,
      rough: false,
      setup: '--translator ollama:MODEL (https://ollama.com, then: ollama pull MODEL)',
      load: async () => (await import('./translation/chat/presets.js')).ollama,
    },
    {
      kind: 'translation',
      name: 'subtitles',
      summary: 'the translation from an SRT or WebVTT file per target language',
      offline: true,
      rough: false,
      setup: '--translation LANG=FILE.srt',
      load: async () => (await import('./translation/subtitles/index.js')).subtitles,
    },
    {
      kind: 'translation',
      name: 'apertium',
      summary: 'apertium: the gist only, for rehearsals, with the pairs installed here',
      offline: true,
      rough: true,
      setup: 'sudo apt-get install -y apertium apertium-eng-spa',
      load: async () => (await import('./translation/apertium/index.js')).apertium,
    },
  ],
  tts: [
    {
      kind: 'tts',
      name: 'qwen',
      summary: 'Qwen-TTS on Model Studio: 49 voices, 10 languages',
      offline: false,
      rough: false,
      languages: ['zh', 'en', 'de', 'it', 'pt', 'es', 'ja', 'ko', 'fr', 'ru', 'yue', 'wuu', 'nan'],
      setup: '--tts qwen (DASHSCOPE_API_KEY)',
      load: async () => (await import('./tts/qwen/index.js')).qwen,
    },
    {
      kind: 'tts',
      name: 'cosyvoice',
      summary: 'CosyVoice and Qwen-Audio-TTS on Model Studio: cloned voices, a rate of their own',
      offline: false,
      rough: false,
      languages: ['zh', 'en', 'de', 'it', 'pt', 'es', 'ja', 'ko', 'fr', 'ru'],
      setup: '--tts cosyvoice (DASHSCOPE_API_KEY)',
      load: async () => (await import('./tts/cosyvoice/index.js')).cosyvoice,
    },
    {
      kind: 'tts',
      name: 'indextts',
      summary: 'IndexTTS on your own server or rented GPU: cloned voices; zh en, by 2.5 also ja es ar',
      offline: false,
      rough: false,
      languages: ['zh', 'en', 'ja', 'es', 'ar'],
      setup: '--tts indextts (INDEXTTS_URL, INDEXTTS_API_KEY where the server asks for one)',
      load: async () => (await import('./tts/indextts/index.js')).indextts,
    },
    {
      kind: 'tts',
      name: 'openai',
      summary: 'any OpenAI-compatible audio server: openai:MODEL@https://host/v1',
      offline: false,
      rough: false,
      setup: '--tts openai:MODEL@https://host/v1 (OPENAI_API_KEY where the server asks for one)',
      load: async () => (await import('./tts/openai/index.js')).openai,
    },
    {
      kind: 'tts',
      name: 'piper',
      summary: 'piper: natural voices from a file you name',
      offline: true,
      rough: false,
      setup: '--tts piper:VOICE.onnx (pipx install piper-tts)',
      load: async () => (await import('./tts/piper/index.js')).piper,
    },
    {
      kind: 'tts',
      name: 'say',
      summary: 'say: the voices of macOS',
      offline: true,
      rough: false,
      platform: 'darwin',
      setup: 'part of macOS; more voices in its settings',
      load: async () => (await import('./tts/say/index.js')).say,
    },
    {
      kind: 'tts',
      name: 'espeak-ng',
      summary: 'espeak-ng: over 100 languages, robotic',
      offline: true,
      rough: false,
      setup: 'sudo apt-get install -y espeak-ng (macOS: brew install espeak-ng)',
      load: async () => (await import('./tts/espeak-ng/index.js')).espeakNg,
    },
    {
      kind: 'tts',
      name: 'flite',
      summary: 'flite: English only, plain but clear',
      offline: true,
      rough: false,
      languages: ['en'],
      setup: 'sudo apt-get install -y flite (macOS: brew install flite)',
      load: async () => (await import('./tts/flite/index.js')).flite,
    },
  ],
  storage: [
    {
      kind: 'storage',
      name: 'dashscope',
      summary: "Model Studio's temporary storage: no bucket needed, gone after 48 hours",
      offline: false,
      rough: false,
      setup: '--store dashscope (DASHSCOPE_API_KEY)',
      load: async () => (await import('./storage/dashscope/index.js')).dashscope,
    },
    {
      kind: 'storage',
      name: 'oss',
      summary: 'Aliyun OSS: a bucket of your own, links signed for some hours',
      offline: false,
      rough: false,
      setup: '--store oss:BUCKET with OSS_ACCESS_KEY_ID, OSS_ACCESS_KEY_SECRET and OSS_REGION (and OSS_CNAME)',
      load: async () => (await import('./storage/oss/index.js')).oss,
    },
    {
      kind: 'storage',
      name: 's3',
      summary: 'S3: MinIO, Cloudflare R2 and others, a bucket of your own, links signed for some hours',
      offline: false,
      rough: false,
      setup: '--store s3:BUCKET with S3_ENDPOINT, S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY (or MINIO_…)',
      load: async () => (await import('./storage/s3/index.js')).s3,
    },
    {
      kind: 'storage',
      name: 'none',
      summary: 'no storage: nothing leaves this machine',
      offline: true,
      rough: false,
      setup: '--store none',
      load: async () => (await import('./storage/none/index.js')).none,
    },
  ],
};

/** The flag that names a provider of each kind. */
export const providerFlags = {
  asr: '--asr',
  translation: '--translator',
  tts: '--tts',
  storage: '--store',
} as const satisfies Record<ProviderKind, string>;

/** Every provider that ships, of one kind or of all. */
export function listProviders<Kind extends ProviderKind = ProviderKind>(kind?: Kind): readonly RegistryEntry<Kind>[] {
  // The map's own type ties each kind to its entries; TypeScript cannot follow that through a variable kind.
  return (kind === undefined ? Object.values(entries).flat() : entries[kind]) as readonly RegistryEntry<Kind>[];
}

/** The provider of that name; undefined when none ships. */
export function lookUpProvider<Kind extends ProviderKind>(kind: Kind, name: string): RegistryEntry<Kind> | undefined {
  return listProviders(kind).find((entry) => entry.name === name);
}

/** @throws USAGE for an unknown name; it names the nearest and lists the known ones */
export function findProvider<Kind extends ProviderKind>(kind: Kind, name: string): RegistryEntry<Kind> {
  const entry = lookUpProvider(kind, name);
  if (entry) return entry;
  const known = listProviders(kind).map((candidate) => candidate.name);
  const nearest = nearestName(name, known);
  const meant = nearest === undefined ? '' : ` Did you mean ${nearest}?`;
  throw new DubError('USAGE', `There is no ${kind} provider ${JSON.stringify(name)}.${meant}`, {
    hint: `${providerFlags[kind]} takes ${known.join(', ')}, or the path or package name of a module that exports one.`,
  });
}
