// The view that a session has of the unit's data model.
import type { Device } from '../../state/device.ts';
import type { AcsView } from './acs-view.ts';
import { forcedParameters } from './forced.ts';
import { gatewayView } from './gateway-view.ts';

function plainView({ config, model }: Device): AcsView {
  return {
    root: model.root,
    read: path => config.read(path),
    names: (path, nextLevel) => config.names(path, nextLevel),
    attributes: path => config.attributes.read(path),
    own: path => [path],
    shown: path => path,
    forced: () => forcedParameters(model),
  };
}

/** The view of one session: a root that changes meanwhile counts from the next. */
export const acsView = (device: Device): AcsView =>
  device.config.variable('Cwmp.RootElement') === 'InternetGatewayDevice' ? gatewayView(device) : plainView(device);
