"""`yiwang worker`: background jobs, and the kernel's own loops beside them."""

import asyncio
import contextlib
import logging
import signal
import threading
from argparse import ArgumentParser
from typing import Any

import psycopg
from asgiref.sync import sync_to_async
from django.core.management.base import BaseCommand
from django.db import connections
from procrastinate import App, PsycopgConnector
from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params
from procrastinate.exceptions import ConnectorException

from yiwang.kernel.work import run_loops

log = logging.getLogger(__name__)

_PATIENCE = 20  # seconds that running jobs get to end; what is not done by then is done by the next worker
_CONNECTION = 5  # seconds to wait for a connection: at the end too, when the database is away
_SILENCE = 15  # seconds without a heartbeat after which a worker counts as dead
_BEAT = 3  # seconds between two heartbeats
_LOOK = 5  # seconds between two looks for jobs of dead workers


class Command(BaseCommand):
    """Work until SIGTERM or Ctrl-C; jobs that have begun are ended first."""

    help = "处理后台任务，并运行事件、计时和审计的循环"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How many jobs at once, and of which queues."""
        parser.add_argument("--concurrency", type=int, default=4, help="同时处理的任务数")
        parser.add_argument("--queue", action="append", dest="queues", help="只处理这个队列，可重复")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the loops in threads and the jobs in this one."""
        stop = threading.Event()
        loops = run_loops(stop)
        try:
            asyncio.run(_work(options["concurrency"], options["queues"], stop))
        finally:
            stop.set()
            for loop in loops:
                loop.join(_PATIENCE)


async def _work(concurrency: int, queues: list[str] | None, stop_loops: threading.Event) -> None:
    """Work until a signal says stop, which the loops hear at once too.

    A worker that lost its database ends too, with or without an error: then begin again, until it is back.
    """
    told = asyncio.Event()

    def tell() -> None:
        told.set()
        stop_loops.set()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, tell)
    stop = asyncio.create_task(told.wait())
    while not told.is_set():
        work = asyncio.create_task(_work_while_connected(concurrency, queues))
        await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
        if told.is_set():
            work.cancel()
        try:
            await work
        except asyncio.CancelledError:
            return
        except (ConnectorException, psycopg.OperationalError) as error:
            log.warning("worker.database_away", extra={"loop": "jobs", "error": str(error.__cause__ or error)})
        await asyncio.wait({stop}, timeout=1)


async def _work_while_connected(concurrency: int, queues: list[str] | None) -> None:
    # A second App, and not `replace_connector`: the tasks must keep the first, whose connector is Django's,
    # or a job that an act defers inside a task would not belong to that act's transaction. Periodic jobs are deferred
    # through Django's too, in asgiref's thread: a connection there that the database closed never comes back by itself.
    await sync_to_async(connections.close_all)()
    worker = app.with_connector(PsycopgConnector(kwargs=connector_params(), timeout=_CONNECTION))
    async with worker.open_async():
        rescue = asyncio.create_task(_rescue(worker))
        try:
            await worker.run_worker_async(
                queues=queues,  # type: ignore[arg-type]
                concurrency=concurrency,
                shutdown_graceful_timeout=_PATIENCE,
                update_heartbeat_interval=_BEAT,
                stalled_worker_timeout=_SILENCE,
                delete_jobs="successful",
                install_signal_handlers=False,
            )
        finally:
            rescue.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await rescue


async def _rescue(worker: App) -> None:
    """Queue the jobs of killed workers again, for ever."""
    while True:
        try:
            for job in await worker.job_manager.get_stalled_jobs(seconds_since_heartbeat=_SILENCE):
                log.warning("worker.job_rescued", extra={"job": job.id, "task": job.task_name})
                await worker.job_manager.retry_job(job)
        except Exception:
            log.exception("worker.rescue_failed")
        await asyncio.sleep(_LOOK)
