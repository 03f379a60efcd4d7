"""Beam's own job service, but with as many workers a job as the first argument says, each on a connection of its own.

As it comes it gives a job one worker, whatever the options are, and gRPC would send all requests to one pool.
"""

import sys

from apache_beam.runners.portability import local_job_service_main
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner
from apache_beam.runners.worker.channel_factory import GRPCChannelFactory

if __name__ == "__main__":
    begin = FnApiRunner.__init__

    def begin_with_workers(self: FnApiRunner, **arguments: object) -> None:
        begin(self, **arguments)
        self._num_workers = int(sys.argv[1])

    FnApiRunner.__init__ = begin_with_workers
    GRPCChannelFactory.DEFAULT_OPTIONS.append(("grpc.use_local_subchannel_pool", 1))
    local_job_service_main.run(sys.argv[2:])
