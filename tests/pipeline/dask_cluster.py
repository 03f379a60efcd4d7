"""A Dask cluster of two single-threaded worker processes on this machine, at the port given, until it is killed."""

import sys
import time

from distributed import LocalCluster

if __name__ == "__main__":
    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        scheduler_port=int(sys.argv[1]),
        dashboard_address=None,
    ):
        time.sleep(3600)
