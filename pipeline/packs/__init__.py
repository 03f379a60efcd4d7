"""Packs: the files of many small documents in one, so that a dataset of a million documents opens in a second.

TABLE/collection=NAME/packed_00000001.parquet    the rows of some thousand documents, sorted by document, and in the
                                                 footer their ids, since some have no rows. No id has "_"
state/packed/TABLE.parquet                       the map: which pack has a document's file, and the size and time that
                                                 the file had when it lay alone

Packs lie beside the files of single documents, with the same schema, so that whoever opens the folder sees every row.
Each table is packed by itself; here, a file is what one document has in one table. At any moment, whenever a writer is
killed:

1. A file lies alone, or the map names it and its pack has all its rows, or both.
2. Where both, its own file counts. They are equal, unless the file was written by a version that knows no packs.
3. Packs are never changed. What changes gets a new number; then the map is replaced; then what it no longer names goes.

Packing writes the pack, then the map, then deletes the files. Unpacking writes the files, then the pack anew without
them, then the map, then deletes the old pack. So no row is ever missing, but who opens the folder between two of these
steps sees some rows twice, and after a kill until the next run begins, which ends what was begun: a pack that the map
does not name goes, a file as the map knows it goes too, and any other file is taken out of its pack.

Documents are unpacked before they are read again, and packed again with others when enough of them lie alone.
"""
