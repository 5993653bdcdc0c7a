"""Synaptarium: page configuration and navigation, both from dashboard/router.py."""

from dashboard import router

router.run()
