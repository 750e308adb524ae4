// Says what MapLibre finds wrong with styles: one JSON a line in (a style), one a line out ([message, …]).
import {createInterface} from 'node:readline';
import {validateStyleMin} from '@maplibre/maplibre-gl-style-spec';

for await (const line of createInterface({input: process.stdin})) {
    console.log(JSON.stringify(validateStyleMin(JSON.parse(line)).map(error => error.message)));
}
