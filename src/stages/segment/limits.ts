/** Longest utterance: beyond it a translated line drifts audibly from the picture, and TTS services lose their tone. */
export const longestMs = 15_000;

/** A pause that ends an utterance: shorter ones are breaths and hesitations within a sentence. */
export const pauseMs = 700;

/** What belongs together (a number and its unit) is kept so over pauses up to this; our choice. */
export const boundMs = 3000;

/**
 * An utterance shorter than this, or of one word, is joined to a neighbour. Our choice: about four syllables, less than
 * which a voice cannot shape into a phrase and a translation has no room to vary in.
 */
export const shortMs = 1200;

/** How much earlier than its source a line may begin: hearing a voice before the lips move is noticed most. */
export const borrowBeforeMs = 300;

/** How much silence a line may borrow after its source: beyond it the voice seems to belong to another shot. */
export const borrowAfterMs = 2000;
