// Ethernet Manager: the state of the unit's ports, of which there is no more here than their speed.
import { type Service, X } from '../service.ts';
import { connectionOf } from './leds.ts';

export const eth: Service = {
  name: 'Eth',
  values: { [`${X}Eth.PortsStatus.{i}.Connection`]: (unit, [row = 1]) => connectionOf(unit, row - 1) },
};
