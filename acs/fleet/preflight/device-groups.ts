// Keys by which a run recognizes devices that are equal in all that their links depend on, so that it judges each kind once.
import type { KnownTexts } from '../../store/store.ts';
import { type Scripts, scriptLookup } from './script-settings.ts';
import { type Overlay, overlayOf, type WantedTls } from './tls-settings.ts';

/** Small numbers for known values, the same one for equal values. */
export class KnownTextNumbers {
  readonly #byText = new Map<string, number>();
  readonly #byObject = new WeakMap<KnownTexts, number>();

  /** @returns -1 for a device of which nothing is known */
  of(known: KnownTexts | undefined): number {
    if (!known) return -1;
    let number = this.#byObject.get(known);
    if (number === undefined) {
      const text = JSON.stringify(known);
      number = this.#byText.get(text) ?? this.#byText.size;
      this.#byText.set(text, number);
      this.#byObject.set(known, number);
    }
    return number;
  }
}

export interface KeyedOverlay {
  overlay: Overlay;
  /** Equal for equal overlays. */
  key: string;
}

/** The overlays of wanted states, each made once. */
export class Overlays {
  readonly #made = new WeakMap<WantedTls, KeyedOverlay>();

  of(wanted: WantedTls, scripts: Scripts): KeyedOverlay {
    let made = this.#made.get(wanted);
    if (!made) {
      const overlay = overlayOf(wanted, scriptLookup(wanted, scripts));
      made = { overlay, key: [...overlay].map(([index, value]) => `${index}=${value}`).join('\n') };
      this.#made.set(wanted, made);
    }
    return made;
  }
}
