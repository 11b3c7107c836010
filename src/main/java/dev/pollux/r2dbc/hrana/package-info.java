/** A remote database: Hrana over OkHttp, JSON through Jackson. */
@NullMarked
package dev.pollux.r2dbc.hrana;

import org.jspecify.annotations.NullMarked;
