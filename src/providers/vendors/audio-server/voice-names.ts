/** Where servers put the names of their voices; each entry a name or an object that has one. */
const lists = ['voices', 'uploaded_voices', 'speakers', 'data'] as const;
const names = ['id', 'name', 'voice_id', 'speaker_id', 'voice'] as const;

/**
 * Names of voices in an answer of any known shape: a list of names or of objects, lists under `voices`,
 * `uploaded_voices` or `speakers`, or an object whose keys are the names. Each once, in order.
 */
export function readVoiceNames(json: unknown): string[] {
  return [...new Set(collect(json))];
}

function collect(json: unknown): string[] {
  if (Array.isArray(json)) return json.flatMap(nameOf);
  if (typeof json !== 'object' || json === null) return [];
  const found = lists.filter((key) => Reflect.get(json, key) !== undefined);
  if (found.length === 0) return Object.keys(json);
  return found.flatMap((key) => collect(Reflect.get(json, key)));
}

function nameOf(entry: unknown): string[] {
  if (typeof entry === 'string') return entry === '' ? [] : [entry];
  if (typeof entry !== 'object' || entry === null) return [];
  const name = names
    .map((key): unknown => Reflect.get(entry, key))
    .find((value) => typeof value === 'string' && value !== '');
  return typeof name === 'string' ? [name] : [];
}
