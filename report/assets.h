/* SPDX-License-Identifier: MIT
 * What is in report/assets/, as strings; scripts/embed makes them into C. */
#ifndef REPORT_ASSETS_H
#define REPORT_ASSETS_H

extern const char asset_report_css[];
extern const char asset_report_js[];
extern const char asset_rest_js[];

#endif
