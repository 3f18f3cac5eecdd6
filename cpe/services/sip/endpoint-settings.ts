// Settings of Mipt that an endpoint may have of its own.
import type { Unit } from '../service.ts';

export interface EndpointSettings {
  /** The endpoint's own row is enabled. */
  own: boolean;
  read: (column: string) => string | undefined;
}

/**
 * Reads the endpoint's own row of `Mipt.EpSpecific…` where that row is enabled, else `Mipt.Default…`.
 * @param group the part of the names behind those two: `Security`, `CodecG711Mulaw`, `DtmfTransport`
 * @param endpoint `Phone-Fax1`; undefined: the defaults
 */
export function endpointSettings(unit: Unit, group: string, endpoint: string | undefined): EndpointSettings {
  const row = `Mipt.EpSpecific${group}[EpId="${endpoint}"].`;
  const own = endpoint !== undefined && unit.config.running(`${row}EnableConfig`) === 'Enable';
  return { own, read: column => unit.config.running(own ? `${row}${column}` : `Mipt.Default${group}${column}`) };
}
