/**
 * What Universal Viewer shows. Left on: turning pages, the page box, one or two pages, zoom,
 * rotation, image adjustment, thumbnails, full screen. Off: whatever hands pages out (download,
 * share, embed, print), leads to other hosts, or stores something.
 */
const footer = {
  bookmarkEnabled: false,
  downloadEnabled: false,
  embedEnabled: false,
  feedbackEnabled: false,
  fullscreenEnabled: document.fullscreenEnabled,
  helpEnabled: false,
  moreInfoEnabled: false,
  openEnabled: false,
  positionMarkerEnabled: false,
  printEnabled: false,
  shareEnabled: false,
}

export const viewerConfig = {
  options: {
    allowStealFocus: false,
    dropEnabled: false, // else a link dropped here opens a foreign manifest
    limitLocales: true,
    openTemplate: '',
    overrideFullScreen: true, // ours keeps the loan bar
    pagingEnabled: false,
    rightPanelEnabled: false,
    saveUserSettings: false,
    searchWithinEnabled: false,
    termsOfUseEnabled: false,
    tokenStorage: 'memory',
    useArrowKeysToNavigate: false, // ours, see page-keys.js
  },
  modules: {
    // The three footers: image books have the second on wide windows, the third on phones.
    footerPanel: { options: footer },
    searchFooterPanel: { options: footer },
    mobileFooterPanel: { options: footer },
    downloadDialogue: {
      options: {
        downloadCurrentViewEnabled: false,
        downloadWholeImageHighResEnabled: false,
        downloadWholeImageLowResEnabled: false,
        selectionEnabled: false,
      },
    },
    shareDialogue: {
      options: { embedEnabled: false, shareEnabled: false, shareManifestsEnabled: false },
    },
    pagingHeaderPanel: {
      options: {
        galleryButtonEnabled: false,
        helpEnabled: false,
        localeToggleEnabled: false,
        pageModeEnabled: false,
        pagingToggleEnabled: true,
        settingsButtonEnabled: false,
      },
      content: {
        firstImage: 'First page',
        image: 'Page',
        lastImage: 'Last page',
        nextImage: 'Next page',
        previousImage: 'Previous page',
      },
    },
    contentLeftPanel: {
      options: {
        defaultToTreeIfCollection: false,
        expandFullEnabled: false,
        panelOpen: false, // each page in it is a stop of the Tab key
        panelAnimationDuration: 0,
        treeEnabled: false, // needs eval, which the page's policy forbids
      },
      content: { collapse: 'Hide pages', expand: 'Show pages', title: 'Pages' },
    },
    openSeadragonCenterPanel: {
      options: {
        animationTime: matchMedia('(prefers-reduced-motion: reduce)').matches ? 0.001 : 0.15,
        autoHideControls: false,
        doubleClickAnnotationEnabled: false,
        requiredStatementEnabled: false,
        showAdjustImageControl: true,
        showHomeControl: true,
        subtitleEnabled: false,
        titleEnabled: false,
      },
      content: { mediaViewer: 'Pages', nextImage: 'Next page', previousImage: 'Previous page' },
    },
    genericDialogue: { content: { pageNotFound: 'There is no page with that number.' } },
  },
  content: {
    authorisationFailedMessage: 'This page could not be loaded. Try again in a moment.',
  },
}
