/** Settings of a profile by their key in a config file. */
export type ProfileValues = Readonly<Record<string, unknown>>;

/** Profiles that ship: each names an engine for every stage, so that one word switches all of them. */
export const shippedProfiles: Readonly<Record<string, ProfileValues>> = {
  /** Everything at Model Studio: one key. */
  aliyun: { asr: 'qwen', translator: 'qwen', tts: 'qwen', store: 'dashscope', offline: false },
  /** Words by Model Studio, voices by an IndexTTS server of one's own. */
  autodl: { asr: 'qwen', translator: 'qwen', tts: 'indextts', store: 'dashscope', offline: false },
  /** The services of before: Volcengine, GLM, IndexTTS and MinIO. */
  legacy: { asr: 'volcengine', translator: 'glm', tts: 'indextts', store: 's3', offline: false },
  offline: { offline: true },
};
