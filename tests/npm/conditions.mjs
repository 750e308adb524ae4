// Says what MapLibre itself finds: one JSON a line in ({filters, texts, rows, zoom}), one a line out:
// {filters: [[true, …] a filter], texts: [["…", …] a text-field]}; null where MapLibre refuses the expression.
import {createInterface} from 'node:readline';
import {createExpression, featureFilter, latest} from '@maplibre/maplibre-gl-style-spec';

console.warn = () => {};

function filtered(filter, rows, zoom) {
    let test;
    try {
        test = featureFilter(filter).filter;
    } catch {
        return null;
    }
    return rows.map(properties => test({zoom}, {type: 1, properties}));
}

function written(text, rows, zoom) {
    const made = createExpression(text, latest.layout_symbol['text-field']);
    if (made.result === 'error') return null;
    return rows.map(properties => String(made.value.evaluate({zoom}, {type: 1, properties}) ?? ''));
}

for await (const line of createInterface({input: process.stdin})) {
    const {filters, texts, rows, zoom} = JSON.parse(line);
    console.log(JSON.stringify({
        filters: filters.map(filter => filtered(filter, rows, zoom)),
        texts: texts.map(text => written(text, rows, zoom)),
    }));
}
