import type { Config } from '../../config/config.js';
import type { EngineSurroundings } from './engines.js';
import { type GlossaryTerm, readGlossary } from './glossary.js';

/** What the user says of the film to whoever translates it. */
interface Brief {
  readonly context?: string;
  readonly glossary?: readonly GlossaryTerm[];
}

/**
 * The surroundings with --context and --glossary among the options of the translators that a spec names. One that takes
 * no such option is left alone, and `say` tells so.
 * @param languages the speech's, when known, and the target's
 * @throws INPUT_UNREADABLE, CONFIG_INVALID for a glossary that cannot be used
 */
export async function withBrief<Around extends EngineSurroundings>(
  spec: string,
  languages: { readonly source: string | undefined; readonly target: string },
  around: Around,
  say: (message: string) => void,
): Promise<Around> {
  const { config } = around.loaded;
  const brief = await readBrief(config, languages);
  if (Object.keys(brief).length === 0) return around;
  const { loadDefinition, optionNames } = await import('../../providers/load.js');
  const providers: Record<string, Readonly<Record<string, unknown>>> = { ...config.providers };
  for (const one of spec.split(',')) {
    const { definition, name } = await loadDefinition('translation', one.trim(), around.cwd);
    const known = optionNames(definition);
    const key = [`translation:${definition.name}`, `translation:${name}`].find((each) => each in providers);
    const set = providers[key ?? ''] ?? {};
    const told = Object.entries(brief).filter(([option]) => known.includes(option));
    for (const option of Object.keys(brief).filter((each) => !known.includes(each))) {
      say(`${definition.name} takes no --${option}: it translates without.`);
    }
    providers[key ?? `translation:${definition.name}`] = {
      ...set,
      ...Object.fromEntries(told),
      ...joined(set, brief, known),
    };
  }
  return { ...around, loaded: { ...around.loaded, config: { ...config, providers } } };
}

/** A glossary of the settings file stays in force under the one of the call, which comes first. */
function joined(set: Readonly<Record<string, unknown>>, { glossary }: Brief, known: readonly string[]) {
  if (glossary === undefined || !known.includes('glossary') || !Array.isArray(set.glossary)) return {};
  const named = new Set(glossary.map(({ source }) => source));
  return { glossary: [...glossary, ...(set.glossary as GlossaryTerm[]).filter(({ source }) => !named.has(source))] };
}

async function readBrief(
  { context, glossary: path, to }: Config,
  { source, target }: { readonly source: string | undefined; readonly target: string },
): Promise<Brief> {
  const terms = path === undefined ? undefined : await readGlossary(path, { source, target, targets: to });
  return { ...(context === undefined ? {} : { context }), ...(terms === undefined ? {} : { glossary: terms }) };
}
