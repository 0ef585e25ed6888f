// The pages, in the order of the navigation. `under`: the page whose link stands for it.

import {showFleet} from './fleet_page.js';
import {showServer} from './server_page.js';
import {showRegions} from './regions_page.js';
import {showQueue} from './queue_page.js';
import {showBill} from './bill_page.js';
import {showClock} from './clock_page.js';
import {showHealth} from './health_page.js';

export const pages = [
  {name: 'fleet', title: 'Fleet', show: showFleet},
  {name: 'servers', title: 'Server', under: 'fleet', show: showServer},
  {name: 'regions', title: 'Regions', show: showRegions},
  {name: 'queue', title: 'Queue', show: showQueue},
  {name: 'bill', title: 'Bill', show: showBill},
  {name: 'clock', title: 'Clock', show: showClock},
  {name: 'health', title: 'Health', show: showHealth},
];
